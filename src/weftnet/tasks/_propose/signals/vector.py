"""For rows of numbers and categories: a baseline, dense layers, an ensemble, attention between columns.

Few rows get narrow networks with more dropout, many rows large batches. Where no data are at hand the sizes are those
for some thousand rows.
"""

from collections.abc import Mapping
from typing import Any

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Node
from weftnet.tasks._propose.candidate import FACTORS, Candidate, adamw, batch_of, formed, light, plain, rich, smooth

#: rows, where nobody knows
_USUAL = 4000
#: fewer are few, and from this many on they are many
_FEW, _MANY = 1000, 10_000
#: more columns are too many for attention between all pairs of them, or for bins in each
_COLUMNS, _BENT = 128, 512


def vector(signal: Signal) -> list[Candidate]:
    """A linear map, dense layers of three kinds, an ensemble of them, and a Transformer where columns are few."""
    return formed(_sized(signal, 1), ((_sized(signal, factor), f"{factor} times narrower") for factor in FACTORS))


def _sized(signal: Signal, factor: int) -> list[Candidate]:
    """Layers so many times narrower, with as many times fewer members, and no more than one for attention."""
    rows, columns = signal.about.rows or _USUAL, list(signal.about.columns) or [1] * signal.numel
    width, dropout = (64, 0.3) if rows < _FEW else (128, 0.15 if rows < _MANY else 0.05)
    width //= factor
    of_columns = {"columns": columns} if len(columns) < signal.numel else {}

    def recipe(lr: float, **more: Any) -> Mapping[str, Any]:
        return adamw(lr, batch_size=batch_of(rows), **more)

    candidates = [
        plain("linear", {}, recipe(1e-2), "the baseline that any network has to beat"),
        light(smooth("mlp", {"widths": [width, width // 2], "dropout": dropout}, recipe(3e-3), "dense layers, fast")),
        smooth(
            "tabular", {"dim": width, "hidden": 2 * width, "dropout": dropout}, recipe(2e-3),
            "residual dense layers, strong on larger tables",
        ),
        rich(smooth(
            "real_mlp", {"widths": [2 * width] * 3, "dropout": dropout}, recipe(4e-3, schedule="coslog4", clip=1.0),
            "dense layers on periodic vectors of each value, with defaults found best over many tables",
        )),
    ]  # fmt: skip
    bins = max(2, min(32, rows // 40))
    sizes = {"widths": [width] * 2, "members": 8 // factor, "dropout": dropout, "bins": bins, "dim": 8}
    if len(columns) <= _BENT:
        why = "an ensemble inside one network, on values bent at the quantiles: strong, and hard to overfit"
        candidates.append(plain("tabm", {**sizes, **of_columns}, recipe(3e-3, clip=1.0), why))
    if 1 < len(columns) <= _COLUMNS:
        dim = (64 if len(columns) <= _COLUMNS // 4 else 32) // factor
        sizes = {"dim": dim, "depth": max(1, 2 // factor), "heads": 4, "dropout": dropout}
        why = "every column attends to all others: finds what columns say together"
        candidates.append(smooth("ft_transformer", {**sizes, **of_columns}, recipe(1e-3, clip=1.0), why))
    return candidates


def statistics(signal: Signal) -> list[Node]:
    """The values themselves."""
    return []


def example() -> str:
    """A small signal."""
    return "vector:5"
