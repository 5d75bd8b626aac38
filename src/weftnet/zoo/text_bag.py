"""The mean of a text's word vectors: word order is discarded, and often it is not needed.

    y = dense(dropout(mean over real t of embedding(x)[t]))

Source: A. Joulin, E. Grave, P. Bojanowski, T. Mikolov, Bag of tricks for efficient text classification, 2016,
https://arxiv.org/abs/1607.01759; without its n-grams and hierarchical softmax.
Parameters: vocabulary · dim + (dim + 1) · classes.
"""

from typing import Any

from weftnet.architecture.spec import Architecture
from weftnet.zoo._write import block, network
from weftnet.zoo._write import dropout as dropped


def text_bag(dim: int = 64, dropout: float = 0.2, classes: int | None = None) -> Architecture:
    """Embedding and mean.

    Args:
        dim: size of a word's vector.
        dropout: rate before the last layer, in training.
        classes: outputs; without it the mean vector is the output.
    """
    return network(
        block("embedding", dim=dim, std=0.1), block("global_average_pool1d"), dropped(dropout), classes=classes
    )


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"dim": 8}, "tokens:9,vocabulary=13,padded"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters as the source has them."""
    return [
        ({"classes": 2}, "tokens:50,vocabulary=1000", 1000 * 64 + 65 * 2),
    ]
