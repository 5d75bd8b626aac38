"""The mean of the vectors of a text's words and word pairs: short phrases count, their order doesn't.

    y = dense(dropout(mean over the n-grams g of table[h(g)]))

Source: A. Joulin, E. Grave, P. Bojanowski, T. Mikolov, Bag of tricks for efficient text classification, 2016,
https://arxiv.org/abs/1607.01759 (fastText); without its hierarchical softmax.
Parameters: (vocabulary + buckets) · dim + (dim + 1) · classes.
"""

from typing import Any

from weftnet.architecture.spec import Architecture
from weftnet.zoo._write import block, network
from weftnet.zoo._write import dropout as dropped


def text_ngrams(
    dim: int = 16, longest: int = 2, buckets: int = 65536, dropout: float = 0.2, classes: int | None = None
) -> Architecture:
    """A bag of n-grams.

    Args:
        dim: size of a vector.
        longest: words of the longest n-gram.
        buckets: vectors that n-grams of two and more words share.
        dropout: rate before the last layer, in training.
        classes: outputs; without it the mean vector is the output.
    """
    return network(block("ngram_bag", dim=dim, longest=longest, buckets=buckets), dropped(dropout), classes=classes)


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"dim": 8, "buckets": 32}, "tokens:9,vocabulary=13,padded"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters as the source has them."""
    return [
        ({"dim": 10, "buckets": 10_000_000, "classes": 4}, "tokens:50,vocabulary=1000", 10_001_000 * 10 + 11 * 4),
    ]
