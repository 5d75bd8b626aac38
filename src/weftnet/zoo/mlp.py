"""Multilayer perceptron: dense layers on all values of an example.

    h₀ = flatten(x),  hᵢ = dropout(relu(Wᵢ · hᵢ₋₁ + bᵢ)),  y = W · hₙ + b

Source: D. Rumelhart, G. Hinton, R. Williams, Learning representations by back-propagating errors, 1986,
https://doi.org/10.1038/323533a0; dropout: N. Srivastava and others, 2014, https://jmlr.org/papers/v15/srivastava14a.html.
Parameters: widths [512, 512], 28×28, 10 classes: 669,706, as in PyTorch's quickstart.
"""

from collections.abc import Sequence
from typing import Any

from weftnet.architecture.spec import Architecture
from weftnet.zoo._write import block, dense_stack, network


def mlp(widths: Sequence[int] = (256, 128), dropout: float = 0.0, classes: int | None = None) -> Architecture:
    """Dense layers with relu, for vectors and small images.

    Args:
        widths: sizes of the hidden layers.
        dropout: rate after each of them, in training.
        classes: outputs; without it the last hidden layer is the output.
    """
    return network(block("flatten"), dense_stack(widths, rate=dropout), classes=classes)


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"widths": [12, 10], "dropout": 0.1}, "image:1x8x8"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters as the source has them."""
    return [
        ({"widths": [512, 512], "classes": 10}, "image:1x28x28", 669_706),  # PyTorch's quickstart
    ]
