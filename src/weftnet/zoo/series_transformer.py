"""A Transformer encoder over a series of numbers.

    dense dim – positions – depth × encoder layer – norm – mean over real steps – dropout – dense classes

Source: G. Zerveas and others, A Transformer-based framework for multivariate time series representation learning, 2021,
https://arxiv.org/abs/2010.02803; its encoder: A. Vaswani and others, 2017, https://arxiv.org/abs/1706.03762.
Differs from the paper: layer normalisation, fixed positions, a mean over time instead of all steps side by side, for
series of different lengths to share a network.
Parameters: k values a step, dim 64, depth 2: 64·k + 100,160, and 65·classes.
"""

from typing import Any

from weftnet.architecture.spec import Architecture, Repeat
from weftnet.zoo._write import block, network
from weftnet.zoo._write import dropout as dropped


def series_transformer(
    dim: int = 64, depth: int = 2, heads: int = 4, dropout: float = 0.1, classes: int | None = None
) -> Architecture:
    """Encoder layers over a series of numbers.

    Args:
        dim: size of every layer.
        depth: encoder layers.
        heads: attention heads, a divisor of dim.
        dropout: rate in the layers and before the last one, in training.
        classes: outputs; without it the features come out.
    """
    return network(
        [block("dense", dim=dim), block("sinusoidal_positions")],
        Repeat(depth, block("transformer_encoder_layer", heads=heads, dropout=dropout)),
        [block("layer_norm"), block("global_average_pool1d")],
        dropped(dropout),
        classes=classes,
    )


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"dim": 8, "heads": 2}, "series:12x3,padded"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters as the source has them."""
    return [
        ({"classes": 2}, "series:96x7", 64 * 7 + 100_160 + 65 * 2),
    ]
