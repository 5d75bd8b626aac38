"""Values outside the range of the training rows, in words."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def plain(value: float) -> str:
    """A number with all of its whole digits, in groups of three."""
    if value == round(value) and abs(value) < 1e15:
        return f"{value:,.0f}"
    return f"{value:,.1f}" if 1e5 <= abs(value) < 1e15 else f"{value:.6g}"


def outside(
    name: str, values: NDArray[np.float64], bounds: Sequence[float], word: Callable[[float], Any] = plain
) -> list[str]:
    """For each of (rows,) values what is to be said of it: "" within the bounds, where there are none, and of NaN.

    Args:
        name: of the column.
        values: numbers.
        bounds: the least and the greatest of the training rows; empty where they are not known.
        word: how a number is written.
    """
    if len(bounds) != 2:
        return [""] * len(values)
    low, high = bounds
    return [
        f"left the range seen in training: {name} {word(value)} ({word(low)} … {word(high)})"
        if value < low or value > high
        else ""
        for value in values.tolist()
    ]


def spanned(bounds: Sequence[float]) -> dict[str, list[float]]:
    """The bounds as facts of a kind; none where they are not known, or not finite."""
    return {"range": list(bounds)} if len(bounds) == 2 and bool(np.isfinite(bounds).all()) else {}
