"""The one size that all pictures of a column are resized to.

That of the training pictures if they all have the same, of at most 512 × 512; otherwise their median height and width,
reduced so that the longer is at most 64, and rounded to a multiple of eight.
"""

from collections.abc import Sequence

import numpy as np

_EQUAL, _MIXED, _STEP = 512, 64, 8
#: change of the proportions that nobody sees
_PROPORTION = 0.02


def check_size(kind: str, size: int | list[int]) -> None:
    """Refuse a setting that is no size.

    Raises:
        ValueError: it isn't.
    """
    sides = size if isinstance(size, list) else [size] * 2
    if not all(type(side) is int for side in sides) or not (size == 0 or (len(sides) == 2 and min(sides) > 0)):
        raise ValueError(f"{kind}: size: expected a positive number, or [height, width], got {size!r}")


def one_size(sizes: Sequence[tuple[int, int]], wanted: int | list[int]) -> tuple[tuple[int, int], str]:
    """Height and width, and what has to be said about it; empty if nothing.

    Args:
        sizes: heights and widths of the training pictures.
        wanted: the side, or height and width; 0 to choose.
    """
    if wanted:
        height, width = wanted if isinstance(wanted, list) else (wanted, wanted)
        changed = any(abs(high * width - wide * height) > _PROPORTION * wide * height for high, wide in sizes)
        return (height, width), _all(sizes, height, width) if changed else ""
    if len(set(sizes)) == 1 and max(sizes[0]) <= _EQUAL:
        return sizes[0], ""
    median = np.median(np.array(sizes), 0)
    reduced = median * min(1.0, _MIXED / median.max())
    height, width = (max(round(side / _STEP), 1) * _STEP if side > _STEP else max(round(side), 1) for side in reduced)
    return (height, width), _all(sizes, height, width)


def _all(sizes: Sequence[tuple[int, int]], height: int, width: int) -> str:
    spans = [f"{min(sides)} to {max(sides)}" for sides in zip(*sizes, strict=True)]
    return f"{spans[0]} pixels high and {spans[1]} wide; all are resized to {height}×{width}"
