"""Numbers that may stand for a missing value: −999 among ages, 0 among heights."""

from collections import Counter
from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

#: how many spans of all other values it lies away from them
_AWAY = 2.0
#: other values from which their span is worth the name
_OTHERS = 20


def stand_ins(chunks: Iterable[NDArray[np.float64]]) -> Counter[float]:
    """The lowest or the highest value and how often it comes: some times, in at most half of the rows, and far away.

    At least three others differ, so that neither truth values nor a few levels are meant.

    Args:
        chunks: of the values, NaN for what is missing.
    """
    ends: Counter[float] = Counter()  # the two lowest and the two highest
    total = 0
    for chunk in chunks:
        values, counts = np.unique(chunk[~np.isnan(chunk)], return_counts=True)
        total += int(counts.sum())
        for each in (slice(2), slice(max(2, len(values) - 2), None)):
            ends.update(dict(zip(values[each].tolist(), counts[each].tolist(), strict=True)))
        for value in sorted(ends)[2:-2]:
            del ends[value]
    if len(ends) < 4:
        return Counter()
    low, lower, higher, high = sorted(ends)
    found: Counter[float] = Counter()
    for value, away, span in ((low, lower - low, high - lower), (high, high - higher, higher - low)):
        if away >= _AWAY * span and ends[value] > 1 and total - ends[value] >= max(_OTHERS, ends[value]):
            found[value] = ends[value]
    return found
