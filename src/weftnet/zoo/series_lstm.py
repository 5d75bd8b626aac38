"""Stacked LSTMs over a series, read out at the last state.

    lstm (layers) – last step – dropout – dense classes

Source: S. Hochreiter, J. Schmidhuber, Long short-term memory, 1997, https://doi.org/10.1162/neco.1997.9.8.1735.
Parameters: k values a step, hidden h, 2 layers: 4·h·(k + h + 2) + 4·h·(2·h + 2), and (h + 1)·classes.
"""

from typing import Any

from weftnet.architecture.spec import Architecture
from weftnet.zoo._write import block, network
from weftnet.zoo._write import dropout as dropped


def series_lstm(hidden: int = 64, layers: int = 2, dropout: float = 0.0, classes: int | None = None) -> Architecture:
    """LSTMs over a series of numbers.

    Args:
        hidden: size of each state.
        layers: LSTMs on top of one another.
        dropout: rate before the last layer, in training.
        classes: outputs; without it the network ends in the last state.
    """
    lstm = block("lstm", dim=hidden, layers=layers)
    return network([lstm, block("last_step")], dropped(dropout), classes=classes)


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"hidden": 8, "dropout": 0.1}, "series:12x3,padded"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters as the source has them."""
    return [
        ({"classes": 2}, "series:96x7", 4 * 64 * (7 + 66) + 4 * 64 * 130 + 65 * 2),
    ]
