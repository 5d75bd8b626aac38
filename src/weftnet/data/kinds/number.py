"""Number: standardised; optionally encoded piecewise linearly over the quantiles (`blocks/_edges.py`).

    encode:   z = (x − mean) / std                        missing stays NaN
    features: z, or with bins the vector e₁ … e_bins;     missing → 0, and a column 1 for missing
    e_t = (x − b_{t−1}) / (b_t − b_{t−1}), clipped to ≥ 0 except in the first bin, and to ≤ 1 except in the last

Source: Gorishniy, Rubachev, Babenko, On embeddings for numerical features in tabular deep learning, 2022,
https://arxiv.org/abs/2203.05556, equation 1: with it plain networks come up to gradient-boosted trees.
Differs: the missing column exists only if the training rows had missing values; a value that would fill a bin alone is
an edge, so that a column of zeros has its bins in the other values.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from weftnet.architecture.signal import Signal
from weftnet.blocks._edges import edges_of
from weftnet.data.kinds._found import notation_of
from weftnet.data.kinds._gaps import gaps_in, numbers_in, without
from weftnet.data.kinds._kind import BadValue, Kind
from weftnet.data.kinds._moments import moments_of
from weftnet.data.kinds._notation import DECIMALS, THOUSANDS, Notation
from weftnet.data.kinds._numbers import floats, look
from weftnet.data.kinds._outside import outside, spanned
from weftnet.data.kinds._raw import FEW, RawColumn, few_wholes
from weftnet.data.kinds._sample import Sample
from weftnet.data.kinds._stand_ins import stand_ins
from weftnet.data.kinds._state import LATER
from weftnet.data.ways import read_as
from weftnet.data.wires import NumberWire

_SURE, _UNLIKELY, _NEAR = 0.9, 0.3, 0.45
#: of a quantity that could be classes: each whole number comes this often, and there are at most so many
_EACH, _MOST_CLASSES = 3, 1000
_QUANTILES = 2**20  # size of the sample from which quantiles are computed


@dataclass
class Number(Kind):
    """A column of numbers.

    Args:
        bins: of the piecewise-linear encoding; 0 for the standardised number alone.
        decimal: between whole and fraction of a number that is written as a word; found in the values if left out.
        thousands: between its groups of digits; likewise.
        gaps: words or numbers that mean a missing value in this column, besides the usual ones.
    """

    measures: ClassVar[Literal["interval"]] = "interval"
    strange: ClassVar[str] = "a number far outside those of the training rows"
    bins: int = 0
    decimal: str = ""
    thousands: str = ""
    gaps: list[str] = field(default_factory=list)
    mean: float = field(default=0.0, init=False)
    std: float = field(default=1.0, init=False)
    missing: bool = field(default=False, init=False)
    edges: list[float] = field(default_factory=list, init=False)
    unit: str = field(default="", init=False, metadata=LATER)
    bounds: list[float] = field(default_factory=list, init=False, metadata=LATER)

    def __post_init__(self) -> None:
        if not isinstance(self.bins, int) or self.bins < 0 or self.bins == 1:
            raise ValueError(f"number: bins: expected 0 or at least 2, got {self.bins!r}")
        if self.decimal not in ("", *DECIMALS) or self.thousands not in THOUSANDS:
            raise ValueError(f"number: expected decimal to be one of {DECIMALS}, thousands of {THOUSANDS[1:]}")

    @classmethod
    def recognises(cls, column: RawColumn) -> float:
        """Every value is a number, in one notation; of a target, with fractions or many of them.

        Raises:
            BadValue: nearly all values are numbers and a few are not, so that either kind would be wrong.
        """
        if not column.single or any(isinstance(value, bytes) for value in column.sample[:1]):
            return 0.0
        return _of_target(column) if column.target else _of_input(column)

    def findings(self, name: str, chunks: Iterable[NDArray[Any]], rows: int) -> list[str]:
        """How they are written, whether values are missing, and whether they ever change."""
        notes = [f"{name}: {note}" for note in self._written(name, chunks)]
        notes += [f"{name}: missing values read as the mean, and a further input marks them"] * self.missing
        if self.bounds and self.bounds[0] == self.bounds[1]:
            notes.append(f"{name}: the same in every training row, so it carries no information")
        return notes

    def target_findings(self, name: str, values: NDArray[Any]) -> list[str]:
        """How they are written."""
        return self._written(name, [values])

    def _written(self, name: str, chunks: Iterable[NDArray[Any]]) -> list[str]:
        """What is unusual about how they are written."""
        other = f"to read it as labels: {read_as(name, 'category')}"
        notes = [f"read as numbers with {words}; {other}" for words in [self.notation.words] if words]
        absent = ", ".join(f"{word!r} ({count})" for word, count in gaps_in(chunks).most_common(4))
        for value, count in stand_ins(map(self._floats, chunks)).items():
            word = np.format_float_positional(value, trim="-")
            gaps = read_as(name, {"number": {"gaps": [*self.gaps, word]}})
            notes.append(f"{count} × {word} lies far from all other values; if it means a missing one: {gaps}")
        return notes + [f"{absent} read as missing; {other}"] * bool(absent)

    @property
    def neutral(self) -> NDArray[np.float64]:
        """The mean."""
        mean: NDArray[np.float64] = self.features(np.array([self.mean]))[0].astype(np.float64)
        return mean

    def legible(self, features: NDArray[Any]) -> str:
        """The number."""
        if self.missing and features[-1] > 0.5:
            return "missing"
        if self.edges:  # each bin holds how much of it the number covers
            return f"{self.edges[0] + float(features[: len(self.edges) - 1] @ np.diff(self.edges)):.4g}"
        return f"{float(features[0]) * self.std + self.mean:.4g}"

    def summary(self, values: list[Any]) -> str:
        """Lowest, median and highest."""
        try:
            numbers = floats(np.array(values, dtype=object))
        except BadValue:
            return ""
        return " … ".join(f"{each:.4g}" for each in np.quantile(numbers, [0, 0.5, 1])) if len(numbers) else ""

    def compared(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """As numbers; before it is fitted in whatever notation they have."""
        known = self.decimal or self.thousands or self.bounds
        return self._known(floats(without(values, self.gaps), self.notation if known else None))

    def fit(self, values: Any) -> Self:
        """Mean, standard deviation and quantiles of what is not missing."""
        return self.fit_chunks([np.asarray(values)])

    def fit_chunks(self, chunks: Iterable[Any]) -> Self:
        """As `fit`, of values that come in chunks; beyond a million the quantiles come from a random sample."""
        try:
            return self._fitted(chunks)
        except BadValue:
            known = (without(each, self.gaps) for each in chunks)
            found = notation_of(known, decimal=self.decimal, thousands=self.thousands)
            if found in (None, self.notation):
                raise
            self.decimal, self.thousands, self.unit = found.decimal, found.thousands, found.unit
            return self._fitted(chunks)

    @property
    def notation(self) -> Notation:
        """How its numbers are written."""
        return Notation(self.decimal or ".", self.thousands, self.unit)

    def _floats(self, values: Any) -> NDArray[np.float64]:
        """Raw values as numbers, NaN for missing."""
        return self._known(floats(without(values, self.gaps), self.notation))

    def _known(self, numbers: NDArray[np.float64]) -> NDArray[np.float64]:
        """NaN for those that somebody calls gaps."""
        named = numbers_in(self.gaps)
        return np.where(np.isin(numbers, named), np.nan, numbers) if named else numbers

    def _fitted(self, chunks: Iterable[Any]) -> Self:
        self.missing, self.bounds, sample = False, [], Sample(_QUANTILES if self.bins else 0)
        mean, std = moments_of((sample.add(real)[:, None] for real in self._real(chunks)), axis=1)
        if mean:
            self.mean, self.std = mean[0], std[0]
        if self.bins and len(real := sample.values):
            edges = edges_of(real, self.bins)
            self.edges = edges if len(edges) > 2 else []  # with one bin the plain number carries the same information
        return self

    def _real(self, chunks: Iterable[Any]) -> Iterator[NDArray[np.float64]]:
        """The values that are not missing; records whether any is."""
        for values in chunks:
            numbers = self._floats(values)
            real = numbers[~np.isnan(numbers)]
            if len(real):
                ends = [*self.bounds, float(real.min()), float(real.max())]
                self.bounds = [min(ends), max(ends)]
            self.missing = self.missing or len(real) < len(numbers)
            yield real

    def encode(self, values: Any) -> NDArray[np.float32]:
        """(rows,) standardised."""
        return _narrow((self._floats(values) - self.mean) / self.std)

    def features(self, values: Any) -> NDArray[np.float32]:
        """(rows, width) the number, or its bins, and whether it is missing."""
        numbers = self._floats(values)[:, None]
        if self.edges:
            low, high = np.array(self.edges[:-1]), np.array(self.edges[1:])
            shares = (numbers - low) / (high - low)
            shares[:, 1:] = np.maximum(shares[:, 1:], 0)
            shares[:, :-1] = np.minimum(shares[:, :-1], 1)
        else:
            shares = (numbers - self.mean) / self.std
        absent = np.isnan(numbers)
        columns = [np.where(absent, 0.0, shares)] + [absent.astype(np.float64)] * self.missing
        return _narrow(np.concatenate(columns, 1))

    def unknown(self, values: Any) -> Counter[str]:
        """Numbers that lie further outside those of the training rows than half of what these span."""
        if not self.bounds:
            return Counter()
        numbers, (low, high) = self._floats(values), self.bounds
        margin = (high - low) / 2
        return Counter(f"{number:g}" for number in numbers[(numbers < low - margin) | (numbers > high + margin)])

    def departures(self, name: str, values: Any) -> list[str]:
        """Numbers below the least or above the greatest of the training rows."""
        return outside(name, self._floats(values), self.bounds)

    def decode(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Numbers in the column's own unit."""
        numbers: NDArray[np.float64] = values.astype(np.float64) * self.std + self.mean
        return numbers

    @property
    def facts(self) -> dict[str, Any]:
        """Mean and standard deviation of the training rows, the least and the greatest, and the unit."""
        unit = {"unit": self.unit} if self.unit else {}
        return {"mean": self.mean, "std": self.std, **spanned(self.bounds), **unit}

    @property
    def wire(self) -> NumberWire:
        """A number like those of the training rows."""
        return NumberWire(self.mean, self.std)

    @property
    def signal(self) -> Signal:
        """A vector as wide as `features`."""
        return Signal(("dim",), (max(1, len(self.edges) - 1) + self.missing,))


def _narrow(numbers: NDArray[np.float64]) -> NDArray[np.float32]:
    """As float32; what is too large for it is infinite, which is refused where the network answers."""
    with np.errstate(over="ignore"):
        return numbers.astype(np.float32)


def _of_input(column: RawColumn) -> float:
    """How probably an input is a quantity: less so words in quotes that are numbers, and codes that begin with 0."""
    if (seen := look(column)) is None:
        return 0.0
    if seen.zeros:
        return _NEAR
    if column.typed and seen.words:
        return _NEAR if few_wholes(_sampled(column)) else 0.55
    return _SURE


def _of_target(column: RawColumn) -> float:
    """How probably a target is a quantity rather than a class: whole numbers are classes where they are few."""
    if (seen := look(column)) is None or seen.zeros:
        return _NEAR * (seen is not None)
    numbers = np.concatenate([real[~np.isnan(real)] for chunk in column.chunks if len(real := floats(chunk))])
    distinct = len(np.unique(numbers))
    if not (numbers == np.round(numbers)).all():
        return _SURE
    if distinct <= FEW:
        return _NEAR if seen.points else _UNLIKELY
    doubtful = distinct <= min(_MOST_CLASSES, len(numbers) / _EACH) or (column.typed and seen.words)
    return 0.55 if doubtful else _SURE


def _sampled(column: RawColumn) -> list[float]:
    """The sample as numbers."""
    numbers: list[float] = floats(np.array(column.sample, dtype=object)).tolist()
    return numbers


def example() -> tuple[Number, Any]:
    """The kind, and six numbers, one of them missing: for its contract."""
    return Number(bins=3), [1.5, None, -2, 7, 7.25, 1e3]
