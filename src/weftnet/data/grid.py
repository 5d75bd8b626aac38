"""Series whose steps are missing or uneven, on a regular grid.

    even       every step has a row: other stamps are refused
    fill       stamps are whole steps apart, and steps without a row are inserted, without values
    nearest    stamps become those of the nearest step first; two rows on one step are refused

The step is the median of the differences of all series; of stamps that are moved the slope of a line through them, or a
usual step such as an hour that is within 1 % of it; of stamps on one day of the month it is a month. Steps are counted
from the earliest stamp of all, of stamps that are moved from where most of them agree.
"""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from weftnet.data.kinds._kind import BadValue
from weftnet.data.ways import setting
from weftnet.errors import DataError

#: how steps are read
Steps: TypeAlias = Literal["even", "fill", "nearest"]
#: of a step: a stamp that is farther from a whole number of steps is between them
_NEAR = 1e-3
#: steps in seconds that people choose, and how close to one of them a measured step has to be
_USUAL = (*(60.0 * m for m in (1, 5, 10, 15, 30)), *(3600.0 * h for h in (1, 2, 3, 4, 6, 8, 12, 24, 168)))
_CLOSE = 0.01
#: at most so many steps for each row
_MOST = 20


class Grid:
    """A regular grid.

    Args:
        series: the ascending stamps of each.
        how: they are read.
        where: the source, for messages.

    Raises:
        DataError: there are no two stamps, or rows for very few of the steps.
    """

    def __init__(self, series: Sequence[NDArray[np.float64]], how: Steps, where: str) -> None:
        self._how, every = how, np.concatenate([np.diff(each) for each in series])
        if not len(every):
            raise DataError("a series has a single row, so it has no step", where=where)
        self._monthly = bool(every.min() >= 28 * 86400) and _one_day(np.concatenate(series))
        self.first, self._step = min(float(each[0]) for each in series), float(np.median(every))
        if how == "nearest" and not self._monthly:
            self.first, self._step = _line(series, self._step)
        reach = sum(float(each[-1] - each[0]) / self._step for each in series)
        if reach > _MOST * sum(map(len, series)):
            what, fix = "very few of the steps have a row", "leave out time=… to count rows as steps"
            raise DataError(what, where=where, expected=f"a row for one of {_MOST} at least", fix=fix)

    @property
    def step(self) -> float:
        """From one stamp to the next, 0 for a month."""
        return 0.0 if self._monthly else self._step

    def places(self, points: NDArray[np.float64]) -> NDArray[np.int64]:
        """The number of each stamp's step.

        Raises:
            BadValue: a stamp is between two steps, or two are on one.
        """
        exact = (points - self.first) / self._step
        if self._monthly:
            exact = _months(points) - _months(np.array([self.first]))
        places = np.rint(exact).astype(np.int64)
        off = np.abs(exact - places) > _NEAR
        if self._how == "fill" and off.any():
            row = int(np.argmax(off))
            raise BadValue(
                row, "the time stamp is between two steps", expected=f"whole steps of {self._step:g}",
                got=f"{exact[row]:.3f} steps", fix=f"move it to the nearest step: {setting('steps', 'nearest')}",
            )  # fmt: skip
        if (np.diff(places) == 0).any():
            row = int(np.argmax(np.diff(places) == 0)) + 1
            raise BadValue(row, "two rows are nearest to one step", fix="join them to one row, or leave one out")
        return places

    def stamps(self, places: NDArray[np.int64]) -> NDArray[np.float64]:
        """The stamps of steps, in seconds where they are dates."""
        if not self._monthly:
            return (self.first + places * self._step).astype(np.float64)
        first = datetime.fromtimestamp(self.first, UTC)
        months = first.year * 12 + first.month - 1 + places
        return np.array([first.replace(year=int(m // 12), month=int(m % 12) + 1).timestamp() for m in months])


def _line(series: Sequence[NDArray[np.float64]], step: float) -> tuple[float, float]:
    """First stamp and step of the grid that uneven stamps are around, from a rough step."""
    counted = [np.concatenate([[0], np.cumsum(np.rint(np.diff(each) / step))]) for each in series]
    pairs = [(n - n.mean(), each - each.mean()) for n, each in zip(counted, series, strict=True)]
    slope = sum(float(n @ t) for n, t in pairs) / sum(float(n @ n) for n, _ in pairs)
    usual = min((*_USUAL, max(1.0, round(slope))), key=lambda each: abs(each / slope - 1))
    step = usual if abs(usual / slope - 1) < _CLOSE else slope
    first = min(float(each[0]) for each in series)
    offsets = np.concatenate([(each - first) / step for each in series])
    return first + float(np.median(offsets - np.rint(offsets))) * step, step


def _one_day(points: NDArray[np.float64]) -> bool:
    """Whether stamps, in seconds, fall on one day of the month, at one time, that all months have."""
    moments = [datetime.fromtimestamp(point, UTC) for point in points.tolist()]
    days = {(moment.day, moment.hour, moment.minute, moment.second) for moment in moments}
    return len(days) == 1 and moments[0].day <= 28


def _months(points: NDArray[np.float64]) -> NDArray[np.float64]:
    moments = [datetime.fromtimestamp(point, UTC) for point in points.tolist()]
    return np.array([moment.year * 12 + moment.month for moment in moments], np.float64)
