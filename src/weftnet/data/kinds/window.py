"""Window: the last values of one column of a long table, standardised; windows of several columns form one series.

    z[t] = (x[t] − mean) / std
    a missing value is read as the last one before it; at the start, where there is none, as the mean
    with `observed` a second channel, 1 where a value is there, 0 where it is missing

Gaps are filled from the past only, so that a forecast never knows more than it will in use.
"""

from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from weftnet.architecture.signal import Signal
from weftnet.data.kinds._kind import BadValue, Kind
from weftnet.data.kinds._moments import moments
from weftnet.data.kinds._numbers import floats
from weftnet.data.kinds._outside import outside, spanned
from weftnet.data.kinds._state import LATER
from weftnet.data.wires import NumbersWire


@dataclass
class Window(Kind):
    """A column of windows (rows, time + ahead); in the table from which they are cut, one value per row.

    Args:
        time: values in a window.
        ahead: values behind it that are known in advance, as a holiday is.
        observed: whether a second channel says which values are there.
    """

    units: ClassVar[bool] = True
    time: int = 96
    ahead: int = 0
    observed: bool = False
    mean: float = field(default=0.0, init=False)
    std: float = field(default=1.0, init=False)
    bounds: list[float] = field(default_factory=list, init=False, metadata=LATER)

    def __post_init__(self) -> None:
        if self.time < 1:
            raise ValueError(f"window: time: expected a positive integer, got {self.time!r}")
        if self.ahead < 0:
            raise ValueError(f"window: ahead: expected steps, or 0 for none, got {self.ahead!r}")

    @property
    def steps(self) -> int:
        """Values of a row."""
        return self.time + self.ahead

    def fit(self, values: Any) -> Self:
        """Mean and standard deviation of the values that are not missing."""
        numbers = floats(np.asarray(values).reshape(-1))
        real = numbers[~np.isnan(numbers)]
        self.bounds = [float(real.min()), float(real.max())] if len(real) else []
        if len(real):
            ((self.mean,), (self.std,)) = moments(real[:, None], axis=1)
        return self

    def encode(self, values: Any) -> NDArray[np.float32]:
        """(rows, time + ahead, 1 or 2) standardised.

        Raises:
            BadValue: a window of another length, or a value that is no number.
        """
        windows = of_length(values, self.time, self.ahead)
        try:
            numbers = floats(windows.reshape(-1)).reshape(windows.shape)
        except BadValue as fault:
            row, step = divmod(fault.row, self.steps)
            raise BadValue(row, f"{fault.what} (value {step} of the window)", got=fault.got) from None
        return np.stack([self._channels(row) for row in numbers])

    def departures(self, name: str, values: Any) -> list[str]:
        """Of each window the value that is furthest below the least, or above the greatest, of the training rows."""
        said = []
        for row in of_length(values, self.time, self.ahead):
            known = (numbers := floats(row))[~np.isnan(numbers)]
            ends = (
                [each for each in (known.min(), known.max()) if outside(name, np.array([each]), self.bounds)[0]]
                if len(known)
                else []
            )
            said.append(outside(name, np.array(ends[-1:]), self.bounds)[0] if ends else "")
        return said

    def whole(self, values: Any) -> NDArray[np.float32]:
        """(steps, 1), or (steps, 2): a long column, from which windows are cut."""
        return self._channels(floats(values))

    def decode(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Windows (rows, time) in the column's own unit."""
        numbers: NDArray[np.float64] = values[..., 0].astype(np.float64) * self.std + self.mean
        return numbers

    def _channels(self, numbers: NDArray[np.float64]) -> NDArray[np.float32]:
        """(steps, 1 or 2)."""
        values = self._scaled(filled(numbers))
        return np.stack([values, ~np.isnan(numbers)] if self.observed else [values], 1).astype(np.float32)

    def _scaled(self, numbers: NDArray[np.float64]) -> NDArray[np.float32]:
        standard = (numbers - self.mean) / self.std
        return np.where(np.isnan(standard), 0.0, standard).astype(np.float32)

    @property
    def facts(self) -> dict[str, Any]:
        """Values in a window; mean and standard deviation of the training rows."""
        ahead = {"ahead": self.ahead} if self.ahead else {}
        ahead |= {"observed": True} if self.observed else {}
        return {"time": self.time, **ahead, "mean": self.mean, "std": self.std, **spanned(self.bounds)}

    @property
    def wire(self) -> NumbersWire:
        """The numbers of a window."""
        return NumbersWire((self.steps,))

    @property
    def signal(self) -> Signal:
        """A series of one channel."""
        return Signal(("time", "dim"), (self.steps, 2 if self.observed else 1))


def of_length(values: Any, time: int, ahead: int = 0) -> NDArray[Any]:
    """Windows as an array (rows, time + ahead) of raw values.

    Raises:
        BadValue: a row is not a list of that length.
    """
    expected = f"the last {time} values, oldest first" + (f", and the next {ahead}" if ahead else "")
    time += ahead
    for row, window in enumerate(values):
        if isinstance(window, str) or not hasattr(window, "__len__") or len(window) != time:
            got = (
                f"{len(window)} values" if hasattr(window, "__len__") and not isinstance(window, str) else repr(window)
            )
            raise BadValue(row, "a window of another length", expected=expected, got=got)
    array = np.empty((len(values), time), dtype=object)
    for row, window in enumerate(values):
        array[row] = list(window)
    return array


def filled(numbers: NDArray[np.float64]) -> NDArray[np.float64]:
    """Each missing value (NaN) as the last one before it; at the start it stays missing."""
    last = np.where(np.isnan(numbers), -1, np.arange(len(numbers)))
    last = np.maximum.accumulate(last)
    return np.where(last < 0, np.nan, numbers[np.maximum(last, 0)])


def example() -> tuple[Window, Any]:
    """The kind, and two windows, with a missing value: for its contract."""
    return Window(time=3), np.array([[1.5, np.nan, 2], [3, -7, 4]])
