"""Counting labels and tokens of more rows than fit into memory.

Up to `DISTINCT` different ones are counted exactly. Beyond that the rarest are dropped between two chunks, and each
count is too small by what was dropped of it. As only the most frequent are kept in the end, this seldom matters.
Source of the idea: G. Manku, R. Motwani, Approximate frequency counts over data streams, 2002.
"""

from collections import Counter
from collections.abc import Hashable, Iterable
from typing import TypeVar

DISTINCT = 2**18

L = TypeVar("L", bound=Hashable)


def counted(chunks: Iterable[Iterable[L]], distinct: int = DISTINCT) -> Counter[L]:
    """How often each occurs; a single chunk is always counted exactly."""
    counts: Counter[L] = Counter()
    for chunk in chunks:
        if len(counts) > distinct:
            ranked = sorted(counts.values(), reverse=True)
            least = ranked[distinct // 2]
            counts = Counter({label: count for label, count in counts.items() if count > least})
        counts.update(chunk)
    return counts
