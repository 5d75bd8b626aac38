"""Convolutions along time, then the mean: a strong start for series of numbers.

    (conv k – norm – relu) for each width and kernel – mean over real steps – dense classes

Source: Z. Wang, W. Yan, T. Oates, Time series classification from scratch with deep neural networks: a strong baseline,
2017, https://arxiv.org/abs/1611.06455 (its "FCN").
As the paper; padding is excluded from norm and mean.
Parameters: widths 128, 256, 128, kernels 8, 5, 3, one value a step, 2 classes: 264,450 without the convolutions'
biases, which the normalisation makes useless.
"""

from collections.abc import Sequence
from typing import Any

from weftnet.architecture.spec import Architecture, Node
from weftnet.errors import SettingError
from weftnet.zoo._write import block, network


def series_cnn(
    widths: Sequence[int] = (128, 256, 128), kernels: Sequence[int] = (8, 5, 3), classes: int | None = None
) -> Architecture:
    """A fully convolutional network over time.

    Args:
        widths: filters of each layer.
        kernels: steps that each layer's filters read, as many as there are widths.
        classes: outputs; without it the last width's features come out.
    """
    if len(widths) != len(kernels):
        raise SettingError("a kernel for each width", where="zoo series_cnn", expected=str(len(widths)),
                           got=str(len(kernels)))  # fmt: skip
    nodes: list[Node] = []
    for width, kernel in zip(widths, kernels, strict=True):
        nodes += [block("conv1d", dim=width, kernel=kernel, bias=False), block("batch_norm"), block("relu")]
    return network(nodes, block("global_average_pool1d"), classes=classes)


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"widths": [5, 6], "kernels": [8, 3]}, "series:12x3,padded"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters as the source has them."""
    return [
        ({"classes": 2}, "series:96x1", 264_450),
    ]
