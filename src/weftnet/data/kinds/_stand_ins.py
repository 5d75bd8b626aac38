"""Numbers that may stand for a missing value: −999 among ages, 0 among heights."""

from collections import Counter
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

#: how many spans of all other values it lies away from them
_AWAY = 2.0
#: other values, and different ones among them, from which they have a span worth the name
_OTHERS, _DIFFERENT = 20, 3


def stand_ins(chunks: Iterable[NDArray[np.float64]]) -> Counter[float]:
    """The lowest or the highest value and how often it comes: some times, in at most half of the rows, and far away.

    Args:
        chunks: of the values, NaN for what is missing.
    """
    ends: Counter[float] = Counter()  # the two lowest and the two highest
    middle: set[float] = set()
    total = 0
    for chunk in chunks:
        values, counts = np.unique(chunk[~np.isnan(chunk)], return_counts=True)
        total += int(counts.sum())
        middle.update(values[2:-2][:_DIFFERENT].tolist())
        for value, count in zip(values.tolist(), counts.tolist(), strict=True):
            ends[value] += count
        kept = sorted(ends)
        middle.update(kept[2:-2][:_DIFFERENT])
        ends = Counter({value: ends[value] for value in {*kept[:2], *kept[-2:]}})
    known = sorted(ends)
    if len(known) < 4 or len({*known, *middle}) <= _DIFFERENT:
        return Counter()
    found: Counter[float] = Counter()
    for value, nearest, furthest in ((known[0], known[1], known[-1]), (known[-1], known[-2], known[0])):
        others = total - ends[value]
        far = abs(value - nearest) >= _AWAY * abs(nearest - furthest)
        if far and ends[value] > 1 and others >= max(_OTHERS, ends[value]):
            found[value] = ends[value]
    return found
