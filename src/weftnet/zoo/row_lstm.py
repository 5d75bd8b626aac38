"""A recurrent network that reads an image row by row from the top.

    rows – lstm (layers) – last step – dense classes

Source: Q. V. Le, N. Jaitly, G. E. Hinton, A simple way to initialize recurrent networks of rectified linear units,
2015, https://arxiv.org/abs/1504.00941, who read pixel by pixel; rows make the sequence short enough for an LSTM.
Parameters: 28×28×1, hidden 128, one layer, 10 classes: 82,186.
"""

from typing import Any

from weftnet.architecture.spec import Architecture
from weftnet.zoo._write import block, network


def row_lstm(hidden: int = 128, layers: int = 1, classes: int | None = None) -> Architecture:
    """An LSTM over the rows of an image.

    Args:
        hidden: size of the state.
        layers: LSTMs on top of one another.
        classes: outputs; without it the network ends in the last state.
    """
    return network([block("image_rows"), block("lstm", dim=hidden, layers=layers), block("last_step")], classes=classes)


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"hidden": 8, "layers": 2}, "image:3x6x5"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters as the source has them."""
    return [
        ({"classes": 10}, "image:1x28x28", 4 * 128 * (28 + 128 + 2) + 129 * 10),
    ]
