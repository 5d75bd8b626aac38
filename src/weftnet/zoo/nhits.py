"""N-HiTS: stacks that read a series at different rates; each forecasts and takes away what it can explain.

    hᵢ = mlp(max_poolᵢ(rᵢ₋₁)),  forecastᵢ = lines(Fᵢ hᵢ),  backcastᵢ = lines(Bᵢ hᵢ)        r₀ = x
    rᵢ = rᵢ₋₁ − backcastᵢ,      y = Σᵢ forecastᵢ

`lines` interpolates between few values: ⌈horizon / rateᵢ⌉ of them for a forecast, ⌈context / rateᵢ⌉ for a backcast.
All stacks treat every series by itself, with the same weights.
Source: C. Challu and others, N-HiTS: neural hierarchical interpolation for time series forecasting, 2023,
https://arxiv.org/abs/2201.12886
As the paper with one block a stack. Where a pool does not divide the context, their greatest common divisor is used, so
that the newest steps are never left out.
Parameters: with widths w, pool p and rate r, for each stack (context/p + 1)·w + (w + 1)·(w + ⌈context/r⌉ +
⌈horizon/r⌉); the last stack has no backcast, as nothing reads it.
"""

import math
from collections.abc import Sequence
from typing import Any

from weftnet.architecture.spec import Architecture, Chain, Graph, Wire
from weftnet.errors import SettingError
from weftnet.zoo._write import block, chain


def nhits(
    horizon: int = 24, context: int = 96, width: int = 128, pools: Sequence[int] = (8, 4, 1),
    rates: Sequence[int] = (12, 4, 1), dropout: float = 0.0, zero: bool = False,
) -> Architecture:  # fmt: skip
    """Stacks from coarse to fine.

    Args:
        horizon: steps ahead.
        context: steps that are read.
        width: of the two hidden layers of each stack.
        pools: steps that each stack pools.
        rates: of each stack, how many steps of its output lie from one value to the next.
        dropout: rate after each hidden layer, in training.
        zero: whether the forecasts start at zero.
    """
    if len(pools) != len(rates) or not pools:
        raise SettingError("a pool and a rate for each stack", where="zoo nhits", got=f"{pools} and {rates}")
    wires, rest = {}, "series"
    for number, (pool, rate) in enumerate(zip(pools, rates, strict=True)):
        size = math.gcd(pool, context)
        hidden = [block("along_time", steps=width), block("relu"), *[block("dropout", rate=dropout)] * (dropout > 0)]
        first = [block("max_pool1d", size=size)] if size > 1 else []
        read, ahead, back = f"read{number}", f"forecast{number}", f"backcast{number}"
        wires[read] = Wire((rest,), chain(first, hidden, hidden))
        wires[ahead] = Wire((read,), _lines(horizon, rate, zero))
        if number < len(pools) - 1:
            wires[back] = Wire((read,), chain(_lines(context, rate), block("scale", factor=-1.0)))
            wires[f"rest{number}"] = Wire((rest, back), merge="add")
            rest = f"rest{number}"
    forecasts = tuple(f"forecast{number}" for number in range(len(pools)))
    wires["sum"] = Wire(forecasts, merge="add" if len(forecasts) > 1 else None)
    return Architecture({"network": Graph(("series",), wires, ("sum",))})


def _lines(steps: int, rate: int, zero: bool = False) -> Chain:
    """From hidden values to a series, of which one step in `rate` is free and the others lie between."""
    free = block("along_time", steps=math.ceil(steps / rate), zero=zero)
    return chain(free, block("interpolate1d", steps=steps)) if rate > 1 else chain(free)


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"horizon": 4, "context": 8, "width": 6, "pools": [4, 1], "rates": [2, 1]}, "series:8x2"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters, counted by hand by the formula above."""
    return [
        ({"horizon": 24, "context": 96, "width": 128}, "series:96x7",
         (13 * 128 + 129 * 128 + 129 * (8 + 2)) + (25 * 128 + 129 * 128 + 129 * (24 + 6))
         + (97 * 128 + 129 * 128 + 129 * 24)),
    ]  # fmt: skip
