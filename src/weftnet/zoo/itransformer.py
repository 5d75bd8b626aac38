"""iTransformer: a Transformer whose tokens are whole series, so that attention is between them.

    inverted_transformer – reshape, which only says that this is the forecast: the task adds no map

Source: Y. Liu and others, iTransformer: inverted transformers are effective for time series forecasting, 2024,
https://arxiv.org/abs/2310.06625
Differs: see the block; the authors' scripts for ETTh1 have dim and hidden 256 for 96 and 192 steps ahead, 512 for 336
and 720, two layers each.
Parameters: with L layers of d and hidden h, time T, horizon H: (T + 1)·d + L·(4·d·(d + 1) + 2·d·h + h + 5·d) + 2·d +
(d + 1)·H; the defaults at 96 steps, horizon 96: 841,568.
"""

from typing import Any

from weftnet.architecture.spec import Architecture
from weftnet.zoo._write import block, network


def itransformer(
    horizon: int = 24, dim: int = 256, heads: int = 8, hidden: int = 256, depth: int = 2, dropout: float = 0.1
) -> Architecture:
    """Attention between series.

    Args:
        horizon: steps ahead.
        dim: size of a series' vector.
        heads: attention heads, a divisor of dim.
        hidden: size inside the feed-forward networks.
        depth: encoder layers.
        dropout: rate behind the tokens and in the layers, in training.
    """
    tokens = block(
        "inverted_transformer", steps=horizon, dim_model=dim, heads=heads, dim_hidden=hidden, depth=depth,
        dropout=dropout,
    )  # fmt: skip
    return network(tokens, block("reshape", shape=[horizon, -1]))


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"horizon": 4, "dim": 8, "heads": 2, "hidden": 10, "depth": 1}, "series:11x3"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters as the authors' code counts them, without time stamps."""
    layer = 4 * 256 * 257 + 2 * 256 * 256 + 256 + 5 * 256
    return [({"horizon": 96}, "series:96x7", 97 * 256 + 2 * layer + 2 * 256 + 257 * 96)]
