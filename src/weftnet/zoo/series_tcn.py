"""A temporal convolutional network over a series: dilated causal convolutions, read out at the last step.

    depth × tcn_layer, dilations 1, 2, 4 … – last step – dense classes

Source: S. Bai, J. Z. Kolter, V. Koltun, An empirical evaluation of generic convolutional and recurrent networks for
sequence modeling, 2018, https://arxiv.org/abs/1803.01271
Parameters: the paper's adding problem (2 values a step, 8 layers of 30, kernel 7, one output): 96,001.
"""

from typing import Any

from weftnet.architecture.spec import Architecture
from weftnet.zoo._write import block, network


def series_tcn(
    hidden: int = 32, depth: int = 5, kernel: int = 3, dropout: float = 0.1, classes: int | None = None
) -> Architecture:
    """Dilated causal convolutions over a series of numbers.

    Args:
        hidden: features of every layer.
        depth: layers; the last step sees 2 · (kernel − 1) · (2^depth − 1) steps before itself.
        kernel: values that a filter reads.
        dropout: rate behind every convolution, in training.
        classes: outputs; without it the last step's features come out.
    """
    layers = [block("tcn_layer", dim=hidden, kernel=kernel, dilation=2**n, dropout=dropout) for n in range(depth)]
    return network(layers, block("last_step"), classes=classes)


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"hidden": 6, "depth": 2}, "series:12x3,padded"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters by the layers' formula."""
    first, others = 7 * 30 * (2 + 30) + 5 * 30 + 2 * 30, 7 * 7 * 30 * (30 + 30) + 7 * 4 * 30
    return [({"hidden": 30, "depth": 8, "kernel": 7, "classes": 1}, "series:400x2", first + others + 31)]
