"""Date: a moment, standardised, and its place in the day, the week and the year.

    encode:   z = (s − mean) / std for s = seconds since 1970 (of a time of day: since midnight)     missing stays NaN
    features: z, then for each cycle sin 2πu, cos 2πu with u = the share of the day, the week or the year that has
              passed; missing → 0, and a column 1 for missing

A cycle is a feature where the training rows tell its phases apart: the day where times differ, the week from eight days
on, the year from two months on. How dates are written, the form (`moments.py`), is found in the training rows; what a
source gives as dates (Parquet, datetimes) needs none. Both become the same features. Source of the cycles: see
`calendar.py`.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from weftnet.architecture.signal import Signal
from weftnet.data.kinds._dated import form_of, of_numbers
from weftnet.data.kinds._gaps import is_gap, without
from weftnet.data.kinds._kind import BadValue, Kind
from weftnet.data.kinds._moments import moments_of
from weftnet.data.kinds._outside import outside
from weftnet.data.kinds._raw import RawColumn
from weftnet.data.kinds._state import LATER
from weftnet.data.moments import COMPACT, EPOCHS, has_day, second_of, turns, word_of
from weftnet.data.ways import read_as
from weftnet.data.wires import DateWire

_DAY = 86400.0
#: days from which a week and a year have phases
_SPANS = {"week": 8, "year": 60}


@dataclass
class Date(Kind):
    """A column of dates, or of times of day.

    Args:
        form: how they are written: iso, mail, seconds, milliseconds …, or a pattern such as %d.%m.%Y; found in
            the values if left out.
        gaps: words that mean a missing date in this column, besides the usual ones.
    """

    measures: ClassVar[Literal["interval"]] = "interval"
    form: str = ""
    gaps: list[str] = field(default_factory=list)
    mean: float = field(default=0.0, init=False)
    std: float = field(default=1.0, init=False)
    missing: bool = field(default=False, init=False)
    cycles: list[str] = field(default_factory=list, init=False)
    bounds: list[float] = field(default_factory=list, init=False, metadata=LATER)

    def __post_init__(self) -> None:
        if self.form not in ("", "iso", "mail", *EPOCHS) and "%" not in self.form:
            expected = f"iso, mail, {', '.join(EPOCHS)} or a pattern such as %d.%m.%Y"
            raise ValueError(f"date: form: expected {expected}, got {self.form!r}")

    @classmethod
    def recognises(cls, column: RawColumn) -> float:
        """Dates of the source, or words that are dates in one form; less so numbers that are like seconds since 1970.

        Raises:
            BadValue: nearly all values are dates and a few are not; or they can be read in two ways.
        """
        if not column.single or column.target:
            return 0.0
        if column.first.dtype.kind == "M":
            return 0.95
        words = [value for value in column.sample if not is_gap(value)]
        if column.first.dtype.kind in "iuf" or (words and not any(isinstance(word, str) for word in words)):
            return _sure_of(of_numbers(words))
        if not all(isinstance(word, str) for word in words):
            return 0.0
        if form := of_numbers(words):
            return _sure_of(form)
        return 0.95 * bool(form_of(column.chunks))

    def findings(self, name: str, chunks: Iterable[NDArray[Any]], rows: int) -> list[str]:
        """How they are written, and whether some are missing."""
        written = self.form not in ("", "iso")
        other = "number" if self.form in COMPACT or self.form in EPOCHS else "category"
        notes = [f"{name}: dates of the form {self.form}; to read it as {other}: {read_as(name, other)}"] * written
        return notes + [f"{name}: missing dates read as the mean, and a further input marks them"] * self.missing

    def fit(self, values: Any) -> Self:
        """Form, mean, standard deviation and cycles."""
        return self.fit_chunks([np.asarray(values)])

    def fit_chunks(self, chunks: Iterable[Any]) -> Self:
        """As `fit`, of values that come in chunks."""
        self.form = self.form or form_of(without(each, self.gaps) for each in chunks) or "iso"
        parts = [self._seconds(values) for values in chunks]
        seconds = np.concatenate(parts) if parts else np.empty(0)
        real = seconds[~np.isnan(seconds)]
        self.missing = len(real) < len(seconds)
        mean, std = moments_of([real[:, None]], axis=1)
        self.bounds = []
        if mean:
            self.mean, self.std = mean[0], std[0]
            self.bounds = [float(real.min()), float(real.max())]
            self.cycles = _cycles(real) if has_day(self.form) else ["day"]
        return self

    def encode(self, values: Any) -> NDArray[np.float32]:
        """(rows,) standardised."""
        return ((self._seconds(values) - self.mean) / self.std).astype(np.float32)

    def features(self, values: Any) -> NDArray[np.float32]:
        """(rows, width)."""
        seconds = self._seconds(values)
        absent = np.isnan(seconds)
        known = np.where(absent, self.mean, seconds)
        shares = turns(known)
        columns = [(known - self.mean) / self.std]
        for cycle in self.cycles:
            angle = 2 * np.pi * shares[cycle]
            columns += [np.where(absent, 0, np.sin(angle)), np.where(absent, 0, np.cos(angle))]
        return np.stack(columns + [absent.astype(np.float64)] * self.missing, 1).astype(np.float32)

    def departures(self, name: str, values: Any) -> list[str]:
        """Dates before the first or behind the last of the training rows."""
        return outside(name, self._seconds(values), self.bounds, self._word)

    def _word(self, second: float) -> Any:
        """A moment as the training rows write it."""
        return word_of(round(second), self.form or "iso")

    def _seconds(self, values: Any) -> NDArray[np.float64]:
        """Raw values as seconds, NaN for missing.

        Raises:
            BadValue: a value is no date in the column's form.
        """
        array = np.asarray(without(values, self.gaps))
        if array.dtype.kind == "M":
            whole = array.astype("datetime64[us]")
            return np.where(np.isnat(whole), np.nan, whole.astype(np.int64) / 1e6)
        if array.dtype.kind in "iuf" and self.form not in COMPACT:
            return array.astype(np.float64) / EPOCHS.get(self.form, 1.0)
        known: dict[Any, float] = {}
        for row, value in enumerate(array.tolist()):
            if value not in known:
                known[value] = self._second(row, value)
        return np.array([known[value] for value in array.tolist()], np.float64)

    def _second(self, row: int, value: Any) -> float:
        if is_gap(value) or value != value:
            return np.nan
        form = self.form or "iso"
        if form in COMPACT and isinstance(value, int | float):
            value = f"{value:.0f}"
        for each in dict.fromkeys((form, "iso")):  # a page and other programs write dates as ISO does
            try:
                if isinstance(value, str):
                    return second_of(value, each)
                return float(value) / EPOCHS.get(form, 1.0)
            except (ValueError, TypeError, OverflowError):
                continue
        absent = {"date": {"form": form, "gaps": [*self.gaps, str(value)]}}
        raise BadValue(
            row,
            "this is no date",
            expected=f"such as {self._usual}",
            got=repr(value),
            fix=lambda name: f"correct the value; or if it means a missing one: {read_as(name, absent)}",
        )

    def compared(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """As seconds."""
        return self._seconds(values)

    def decode(self, values: NDArray[Any]) -> list[Any]:
        """Dates in the column's form; None for missing."""
        seconds = values.astype(np.float64) * self.std + self.mean
        return [None if np.isnan(second) else word_of(round(second), self.form or "iso") for second in seconds.tolist()]

    def legible(self, features: NDArray[Any]) -> str:
        """The date."""
        if self.missing and features[-1] > 0.5:
            return "missing"
        return str(word_of(round(float(features[0]) * self.std + self.mean), self.form or "iso"))

    def summary(self, values: list[Any]) -> str:
        """The earliest and the latest."""
        seconds = self._seconds(np.array(values, dtype=object)) if values else np.empty(0)
        if not len(seconds) or np.isnan(seconds).all():
            return ""
        return " … ".join(str(word_of(end, self.form or "iso")) for end in (np.nanmin(seconds), np.nanmax(seconds)))

    @property
    def neutral(self) -> NDArray[np.float64]:
        """The mean moment, in no phase of any cycle."""
        return np.zeros(self.signal.numel)

    @property
    def _usual(self) -> Any:
        """The mean moment as the training rows write it; a whole day where they have no times."""
        step = 1.0 if "day" in self.cycles else _DAY
        return word_of(round(self.mean / step) * step, self.form or "iso")

    @property
    def facts(self) -> dict[str, Any]:
        """How dates are written, the mean, and the first and the last of the training rows."""
        ends = {"first": self._word(self.bounds[0]), "last": self._word(self.bounds[1])} if self.bounds else {}
        return {"form": self.form or "iso", "mean": self._usual, **ends}

    @property
    def wire(self) -> DateWire:
        """A date as the training rows write it, or as ISO does."""
        return DateWire(self._usual, self.form in EPOCHS, "day" in self.cycles, has_day(self.form or "iso"))

    @property
    def signal(self) -> Signal:
        """A vector as wide as `features`."""
        return Signal(("dim",), (1 + 2 * len(self.cycles) + self.missing,))


def _sure_of(form: str) -> float:
    """How sure it is that numbers are moments: days of a calendar can hardly be anything else."""
    return 0.0 if not form else 1.0 if form in COMPACT else 0.81


def _cycles(seconds: NDArray[np.float64]) -> list[str]:
    span = (seconds.max() - seconds.min()) / _DAY
    clock = len(np.unique(seconds % _DAY)) > 1
    return ["day"] * clock + [cycle for cycle, least in _SPANS.items() if span >= least]


def example() -> tuple[Date, Any]:
    """The kind, and dates, one of them missing: for its contract."""
    return Date(), ["2020-02-29", None, "1999-12-31 13:00", "2020-02-29"]
