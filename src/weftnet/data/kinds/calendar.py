"""Calendar: dates as their position in the day, the week and the year; channels beside those of the numbers.

    (sin 2πu, cos 2πu) for u = second of the day / 86400, day of the week / 7, day of the year / 366

Sine and cosine, so that the end of a day is close to its beginning. Dates are as in `stamps.py`; an offset is converted
to UTC. Differs from what is usual (N. Wu and others, 2021: u − ½ alone), which is discontinuous at midnight.
"""

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from weftnet.architecture.signal import Signal
from weftnet.data.kinds._kind import BadValue, Kind
from weftnet.data.kinds.window import of_length
from weftnet.data.moments import turns
from weftnet.data.stamps import stamps
from weftnet.data.wires import LabelsWire
from weftnet.errors import DataError

_CHANNELS = 6


@dataclass
class Calendar(Kind):
    """A column of windows of dates (rows, time + ahead); nothing is learnt.

    Args:
        time: dates in a window.
        ahead: dates behind it.
    """

    time: int = 96
    ahead: int = 0

    def __post_init__(self) -> None:
        if self.time < 1:
            raise ValueError(f"calendar: time: expected a positive integer, got {self.time!r}")
        if self.ahead < 0:
            raise ValueError(f"calendar: ahead: expected steps, or 0 for none, got {self.ahead!r}")

    def fit(self, values: Any) -> Self:
        """Nothing to learn."""
        return self

    def encode(self, values: Any) -> NDArray[np.float32]:
        """(rows, time + ahead, 6)."""
        windows = of_length(values, self.time, self.ahead)
        try:
            steps = self.whole(windows.reshape(-1))
        except BadValue as fault:
            raise BadValue(
                fault.row // (self.time + self.ahead), fault.what, expected=fault.expected, got=fault.got
            ) from None
        return steps.reshape(*windows.shape, _CHANNELS)

    def whole(self, values: Any) -> NDArray[np.float32]:
        """(steps, 6): a long column, from which windows are cut.

        Raises:
            BadValue: a value is no date; a number has no days and weeks.
        """
        if np.asarray(values).dtype.kind != "M":
            for row, value in enumerate(values):
                word = isinstance(value, str) and value.replace(".", "").isdecimal()
                if word or isinstance(value, int | float | np.number):
                    expected = "an ISO date such as 2016-07-01 13:00"
                    raise BadValue(row, "this is no date", expected=expected, got=repr(value))
        angles = 2 * np.pi * np.stack(list(turns(seconds := stamps(values)).values()), 1)
        return np.stack([np.sin(angles), np.cos(angles)], 2).reshape(len(seconds), _CHANNELS).astype(np.float32)

    def decode(self, values: NDArray[Any]) -> Any:
        """Dates can't be decoded: the year is not encoded.

        Raises:
            DataError: always.
        """
        raise DataError(
            "dates can't be decoded from their positions in day, week and year", got=f"shape {values.shape}"
        )

    @property
    def facts(self) -> dict[str, Any]:
        """Dates in a window."""
        return {"time": self.time, **({"ahead": self.ahead} if self.ahead else {})}

    @property
    def wire(self) -> LabelsWire:
        """The dates of a window."""
        return LabelsWire()

    @property
    def signal(self) -> Signal:
        """A series of six channels."""
        return Signal(("time", "dim"), (self.time + self.ahead, _CHANNELS))


def example() -> tuple[Calendar, Any]:
    """The kind, and two windows of two days: for its contract."""
    days = np.array([["2020-02-29", "2020-03-01"], ["1999-12-31", "2000-01-01"]], dtype=object)
    return Calendar(time=2), days
