"""PatchTST: a Transformer over patches of each series by itself.

    patch_transformer – reshape, which only says that this is the forecast: the task adds no map

Source: Y. Nie and others, A time series is worth 64 words, 2023, https://arxiv.org/abs/2211.14730
Differs: see the block; the paper's networks for ETTh1 have dim 16, 4 heads and 128 hidden values, for larger data 128,
16 and 256.
Parameters: with p patches, L layers of d and hidden h, horizon H: 17·d + p·d + L·(4·d·(d + 1) + 2·d·h + h + 5·d) +
(p·d + 1)·H for patches of 16 steps; the defaults at 96 steps, horizon 96: 33,616.
"""

from typing import Any

from weftnet.architecture.spec import Architecture
from weftnet.zoo._write import block, network


def patch_tst(
    horizon: int = 24, size: int = 16, stride: int = 8, dim: int = 16, heads: int = 4, hidden: int = 128,
    depth: int = 3, dropout: float = 0.3,
) -> Architecture:  # fmt: skip
    """Attention between patches.

    Args:
        horizon: steps ahead.
        size: steps of a patch.
        stride: from the beginning of one patch to that of the next.
        dim: size of a patch's vector.
        heads: attention heads, a divisor of dim.
        hidden: size inside the feed-forward networks.
        depth: encoder layers.
        dropout: rate behind the positions and in the layers, in training.
    """
    patches = block(
        "patch_transformer", steps=horizon, size=size, stride=stride, dim_model=dim, heads=heads, dim_hidden=hidden,
        depth=depth, dropout=dropout,
    )  # fmt: skip
    return network(patches, block("reshape", shape=[horizon, -1]))


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    settings = {"horizon": 4, "size": 4, "stride": 2, "dim": 8, "heads": 2, "hidden": 10, "depth": 1}
    return settings, "series:11x2"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters by the formula above."""
    layer = 4 * 16 * 17 + 2 * 16 * 128 + 128 + 5 * 16
    return [({"horizon": 96}, "series:96x7", 17 * 16 + 11 * 16 + 3 * layer + (11 * 16 + 1) * 96)]
