"""DLinear: a linear map along time for the trend of a series, another for the rest, and their sum.

    trend = moving average of x,   y = A · trend + B · (x − trend) + c          A, B: (horizon, time), for every series

Source: A. Zeng, M. Chen, L. Zhang, Q. Xu, Are Transformers effective for time series forecasting?, 2023,
https://arxiv.org/abs/2205.13504
The published network reads windows of 336 steps; at both ends its moving average repeats the first and the last step.
Parameters: 2 · (time + 1) · horizon; with `own` dim times as many.
"""

from typing import Any

from weftnet.architecture.spec import Architecture, Parallel
from weftnet.zoo._write import block, chain, network


def dlinear(horizon: int = 24, size: int = 25, own: bool = False, zero: bool = False) -> Architecture:
    """Two linear maps along time.

    Args:
        horizon: steps ahead.
        size: steps of the moving average, an odd number.
        own: whether every series has maps of its own.
        zero: whether the maps start at zero.
    """
    branches = tuple(
        chain(
            block("moving_average", size=size, remainder=rest),
            block("along_time", steps=horizon, own=own, zero=zero),
        )
        for rest in (False, True)
    )
    return network(Parallel(branches, "add"))


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"horizon": 4, "size": 3}, "series:9x2"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters as the source has them."""
    return [
        ({"horizon": 96}, "series:336x7", 2 * 337 * 96),
        ({"horizon": 720, "own": True}, "series:336x7", 2 * 337 * 720 * 7),
    ]
