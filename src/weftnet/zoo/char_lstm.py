"""A recurrent language model over characters: it predicts the next one at every step.

    embedding – dropout – lstm (layers) – dropout           gives (batch, time, hidden)

Source: A. Graves, Generating sequences with recurrent neural networks, 2013, https://arxiv.org/abs/1308.0850.
Differs from the paper: no peepholes, no connections that skip layers.
Parameters: dim 128, hidden 240, 2 layers, vocabulary 65, without the last layer: 826,240, about `char_transformer`'s.
"""

from typing import Any

from weftnet.architecture.spec import Architecture
from weftnet.zoo._write import block, network
from weftnet.zoo._write import dropout as dropped


def char_lstm(
    dim: int = 128, hidden: int = 240, layers: int = 2, dropout: float = 0.0, classes: int | None = None
) -> Architecture:
    """Stacked LSTMs over tokens.

    Args:
        dim: size of a token's vector.
        hidden: size of each state.
        layers: LSTMs on top of one another.
        dropout: rate around and between the layers, in training.
        classes: outputs at every step, the vocabulary's size; without it the features come out.
    """
    between = {"dropout": dropout} if dropout and layers > 1 else {}
    return network(
        block("embedding", dim=dim),
        dropped(dropout),
        block("lstm", dim=hidden, layers=layers, **between),
        dropped(dropout),
        classes=classes,
    )


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"dim": 6, "hidden": 10, "dropout": 0.1}, "tokens:9,vocabulary=13"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters as the source has them."""
    return [
        ({}, "tokens:64,vocabulary=65", 826_240),
    ]
