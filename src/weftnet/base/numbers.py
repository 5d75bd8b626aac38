"""Numbers as people read them: what stands before the point is never shortened, its thousands are divided.

From 10,000 on a comma stands between thousands; below, a number is read at a glance, and years and codes look as usual.
"""

import math
from collections.abc import Sequence
from itertools import pairwise

#: from here on thousands are divided; beyond this a power of ten says more
_DIVIDED, _LARGEST = 9_999.5, 1e15


def number(value: float, digits: int = 4) -> str:
    """A number with about so many significant digits: 0.01235, 12.35, 123,457; nothing before the point is rounded off.

    >>> number(123456.789), number(-0.012345), number(5.0), number(1234)
    ('123,457', '-0.01235', '5', '1234')
    """
    if isinstance(value, int) or (math.isfinite(value) and value == int(value) and abs(value) < _LARGEST):
        return _grouped(value, 0)
    if not math.isfinite(value) or not 1e-4 <= abs(value) < _LARGEST:
        return f"{value:.{digits}g}"
    places = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = _grouped(value, places)
    return text.rstrip("0").rstrip(".") if places else text


def fixed(value: float, digits: int, like: float | None = None) -> str:
    """A number with so many digits behind the point, and one fewer for each beyond three before it.

    >>> fixed(98.7, 2), fixed(1234.56789, 4), fixed(1234567.8, 4)
    ('98.70', '1234.568', '1,234,568')

    Args:
        value: the number.
        digits: behind the point, of numbers below 1000.
        like: another number, whose digits it gets: 123,456.8 ± 1.2.
    """
    large = abs(value if like is None else like)
    before = len(str(int(large))) if math.isfinite(large) else 1
    return _grouped(value, max(0, digits - max(0, before - 3)))


def ticks_of(values: Sequence[float]) -> list[str]:
    """The texts of an axis: each with as many digits as tell all of them apart.

    >>> ticks_of([0.0, 2.5, 5.0]), ticks_of([100000.0, 150000.0])
    (['0.0', '2.5', '5.0'], ['100,000', '150,000'])
    """
    largest = max(map(abs, values), default=0.0)
    steps = [abs(b - a) for a, b in pairwise(values)]
    near = 1e-6 * (min(steps, default=0.0) or largest or 1.0)
    if largest < _LARGEST:
        for digits in range(9):
            if all(abs(round(value, digits) - value) <= near for value in values):
                return [_grouped(round(value, digits) + 0.0, digits) for value in values]
    return [f"{value:.4g}" for value in values]


def _grouped(value: float, digits: int) -> str:
    """With thousands divided where there are ten of them or more."""
    return f"{value:,.{digits}f}" if abs(value) >= _DIVIDED else f"{value:.{digits}f}"
