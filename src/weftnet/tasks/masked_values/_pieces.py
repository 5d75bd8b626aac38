"""Which piece of an example each of its values belongs to: what is hidden is hidden in whole pieces.

image     squares of `patch` pixels, row by row
series    stretches of `patch` steps, all columns of a step at once
vector    columns, which are `widths` wide
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray


def pieces(shape: Sequence[int], patch: int, widths: Sequence[int]) -> NDArray[np.int64]:
    """The number of the piece: (1, height, width), (time, 1) or (dim,).

    Args:
        shape: of an example: (channels, height, width), (time, dim) or (dim,).
        patch: pixels of a square's side, or steps of a stretch.
        widths: of the columns of a vector; of one value each where there are none.
    """
    if len(shape) == 3:
        rows, columns = _squares(shape, patch)
        return np.asarray(rows * (columns[-1] + 1) + columns)[None]
    if len(shape) == 2:
        return (np.arange(shape[0], dtype=np.int64) // patch)[:, None]
    return np.repeat(np.arange(len(widths) or shape[0], dtype=np.int64), list(widths) or 1)


def in_turn(shape: Sequence[int], patch: int, widths: Sequence[int], turns: int) -> NDArray[np.int64]:
    """In which of so many turns each value is hidden, as `pieces`: no two neighbours in the same one."""
    if len(shape) == 3:
        rows, columns = _squares(shape, patch)
        return np.asarray((rows + columns) % turns)[None]
    return pieces(shape, patch, widths) % turns


def turns_of(share: float) -> int:
    """Turns in which everything is hidden once, about that share at a time."""
    return max(2, round(1 / share))


def _squares(shape: Sequence[int], patch: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The row (height, 1) and the column (width,) of squares that each pixel lies in."""
    rows, columns = (np.arange(side, dtype=np.int64) // patch for side in shape[1:])
    return rows[:, None], columns
