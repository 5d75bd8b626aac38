"""N-BEATS: stacks of dense layers; each forecasts, and takes away what it can explain of the window.

    hᵢ = mlp(rᵢ₋₁),  forecastᵢ = Fᵢ hᵢ,  backcastᵢ = Bᵢ hᵢ        r₀ = x
    rᵢ = rᵢ₋₁ − backcastᵢ,      y = Σᵢ forecastᵢ

All stacks treat every series by itself, with the same weights.
Source: B. Oreshkin, D. Carpov, N. Chapados, Y. Bengio, N-BEATS: neural basis expansion analysis for interpretable time
series forecasting, 2020, https://arxiv.org/abs/1905.10437; the generic form, with one block a stack.
Differs: the last block has no backcast, as nothing reads it.
Parameters: with context c, horizon H and width w, for each of the stacks (c + 1)·w + 3·(w + 1)·w + (w + 1)·(c + H),
less (w + 1)·c in the last; the paper's generic network (30 stacks of 512, context 5 horizons), horizon 8: 24,987,000.
"""

from typing import Any

from weftnet.architecture.spec import Architecture, Graph, Wire
from weftnet.errors import SettingError
from weftnet.zoo._write import block, chain


def nbeats(
    horizon: int = 24, context: int = 96, width: int = 256, stacks: int = 4, depth: int = 4, dropout: float = 0.0,
    zero: bool = False,
) -> Architecture:  # fmt: skip
    """Stacks of dense layers along time.

    Args:
        horizon: steps ahead.
        context: steps that are read.
        width: of the hidden layers.
        stacks: how many there are.
        depth: hidden layers of each.
        dropout: rate after each hidden layer, in training.
        zero: whether the forecasts start at zero.

    Raises:
        SettingError: there is no stack, or no hidden layer.
    """
    if min(stacks, depth) < 1:
        raise SettingError("a stack and a layer at least", where="zoo nbeats", got=f"{stacks} and {depth}")
    wires, rest = {}, "series"
    for number in range(stacks):
        hidden = [block("along_time", steps=width), block("relu"), *[block("dropout", rate=dropout)] * (dropout > 0)]
        read, back = f"read{number}", f"backcast{number}"
        wires[read] = Wire((rest,), chain(*[hidden] * depth))
        wires[f"forecast{number}"] = Wire((read,), chain(block("along_time", steps=horizon, zero=zero)))
        if number < stacks - 1:
            wires[back] = Wire((read,), chain(block("along_time", steps=context), block("scale", factor=-1.0)))
            wires[f"rest{number}"] = Wire((rest, back), merge="add")
            rest = f"rest{number}"
    forecasts = tuple(f"forecast{number}" for number in range(stacks))
    wires["sum"] = Wire(forecasts, merge="add" if stacks > 1 else None)
    wires["forecast"] = Wire(("sum",), block("reshape", shape=[horizon, -1]))  # it says that the task adds no map
    return Architecture({"network": Graph(("series",), wires, ("forecast",))})


def example() -> tuple[dict[str, Any], str]:
    """Settings of a small one, and what it reads."""
    return {"horizon": 4, "context": 8, "width": 6, "stacks": 2, "depth": 2}, "series:8x2"


def published() -> list[tuple[dict[str, Any], str, int]]:
    """Settings, what it reads, and its parameters by the formula above."""
    stack = 41 * 512 + 3 * 513 * 512 + 513 * (40 + 8)
    return [({"horizon": 8, "context": 40, "width": 512, "stacks": 30}, "series:40x3", 30 * stack - 513 * 40)]
