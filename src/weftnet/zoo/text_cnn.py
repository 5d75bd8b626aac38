"""Convolutions of several widths over word vectors; each filter keeps its strongest response.

    for k in kernels:  zₖ = maxₜ relu(conv k (embedding(x)))[t]
    y = dense(dropout(concat(zₖ)))

Source: Y. Kim, Convolutional neural networks for sentence classification, 2014, https://arxiv.org/abs/1408.5882 (its
"CNN-rand": vectors learned from scratch).
Sentences get k − 1 zeros at both ends, as in the paper's code, so that a text of one word has windows too.
Parameters: without the embedding, dim 300, kernels 3, 4, 5 with 100 filters each, 2 classes: 360,902.
"""

from collections.abc import Sequence
from typing import Any

from weftnet.architecture.spec import Architecture, Parallel
from weftnet.zoo._write import block, chain, network
from weftnet.zoo._write import dropout as dropped


def text_cnn(
    dim: int = 300,
    kernels: Sequence[int] = (3, 4, 5),
    filters: int = 100,
    dropout: float = 0.5,
    classes: int | None = None,
) -> Architecture:
    """Kim's sentence classifier.

    Args:
        dim: size of a word's vector.
        kernels: words that the filters of each branch read at once.
        filters: filters of each branch.
        dropout: rate before the last layer, in training.
        classes: outputs; without it the features come out.
    """
    branches = tuple(
        chain(
            block("conv1d", dim=filters, kernel=kernel, padding=kernel - 1), block("relu"), block("global_max_pool1d")
        )
        for kernel in kernels
    )
    return network(
        block("embedding", dim=dim, std=0.1), Parallel(branches, "concat"), dropped(dropout), classes=classes
    )


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"dim": 8, "filters": 5}, "tokens:9,vocabulary=13,padded"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters as the source has them."""
    return [
        ({"classes": 2}, "tokens:50,vocabulary=1", 360_902 + 300),
    ]
