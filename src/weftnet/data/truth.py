"""Which windows have a true target: a value that was filled is no truth to learn from or to be judged by.

Windows whose first step has no row are always left out.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from weftnet.data.content import Content
from weftnet.data.kinds._numbers import floats
from weftnet.data.kinds.forecast import Forecast
from weftnet.data.order import Rows
from weftnet.data.timeline import Timeline
from weftnet.errors import DataError


def whole_windows(
    content: Content, line: Timeline, starts: Mapping[str, Rows], forecast: Forecast, filled: bool
) -> tuple[dict[str, Rows], list[str]]:
    """The windows of each split whose target was observed, and a note on how many others there are.

    Args:
        content: the raw table.
        line: its rows in order.
        starts: the place of each window's first target step, by split.
        forecast: names the targets, and how far they reach.
        filled: whether a target may have values that were filled.

    Raises:
        DataError: no window of a split is left.
    """
    there = ~line.absent
    whole = there if filled else there & _observed(content, line, forecast.targets)
    missing = np.concatenate([[0], np.cumsum(~whole)])
    kept, before, after = {}, 0, 0
    for split, places in starts.items():
        true = there[places] if filled else missing[places + forecast.horizon] == missing[places]
        kept[split] = places[true]
        before, after = before + len(places), after + int(true.sum())
        if len(places) and not true.any():
            raise DataError(
                f"of every window of the {split} split a value of the target is missing", where=content.source,
                expected=f"{forecast.horizon} steps without a gap",
                fix="a shorter horizon, or truth=filled: then the last value before a gap counts as true",
            )  # fmt: skip
    what = "begin where there is no row" if filled else "are left out, as a value of their target is missing"
    return kept, [f"{before - after} of {before} windows {what}"] * (after < before)


def _observed(content: Content, line: Timeline, targets: list[str]) -> NDArray[np.bool_]:
    """(places,) whether every target has a value."""
    known = [~np.isnan(floats(line.taken(content.columns[name]))) for name in targets]
    found: NDArray[np.bool_] = np.logical_and.reduce(known)
    return found
