"""Number: standardised; optionally encoded piecewise linearly over the quantiles.

    encode:   z = (x − mean) / std                        missing stays NaN
    features: z, or with bins the vector e₁ … e_bins;     missing → 0, and a column 1 for missing
    e_t = (x − b_{t−1}) / (b_t − b_{t−1}), clipped to ≥ 0 except in the first bin, and to ≤ 1 except in the last

Source: Gorishniy, Rubachev, Babenko, On embeddings for numerical features in tabular deep learning, 2022,
https://arxiv.org/abs/2203.05556, equation 1: with it plain networks come up to gradient-boosted trees.
Differs: the missing column exists only if the training rows had missing values.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from weftnet.architecture.signal import Signal
from weftnet.data.kinds._kind import BadValue, Kind
from weftnet.data.kinds._moments import moments_of
from weftnet.data.kinds._raw import FEW, RawColumn, few_wholes, present
from weftnet.data.kinds._sample import Sample
from weftnet.data.wires import NumberWire

#: words that mean a missing value
MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "?"})
_LONG = 1000
_SURE, _UNLIKELY = 0.9, 0.3
_STRAYS = 0.05  # share of words up to which a column counts as numbers with mistakes
_QUANTILES = 2**20  # size of the sample from which quantiles are computed


@dataclass
class Number(Kind):
    """A column of numbers.

    Args:
        bins: quantile bins of the piecewise-linear encoding; 0 for the standardised number alone.
    """

    measures: ClassVar[Literal["interval"]] = "interval"
    bins: int = 0
    mean: float = field(default=0.0, init=False)
    std: float = field(default=1.0, init=False)
    missing: bool = field(default=False, init=False)
    edges: list[float] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        if not isinstance(self.bins, int) or self.bins < 0 or self.bins == 1:
            raise ValueError(f"number: bins: expected 0 or at least 2, got {self.bins!r}")

    @classmethod
    def recognises(cls, column: RawColumn) -> float:
        """Every value is a number; of a target, with fractions or many of them.

        Raises:
            BadValue: nearly all values are numbers and a few are not, so that either kind would be wrong.
        """
        if not column.single or any(isinstance(value, bytes) for value in column.sample[:1]):
            return 0.0
        return _of_target(column) if column.target else _SURE * _are_numbers(column)

    def findings(self, name: str, chunks: Iterable[NDArray[Any]], rows: int) -> list[str]:
        """Whether values are missing, and whether they ever change."""
        notes = [f"{name}: missing values read as the mean, and a further input marks them"] * self.missing
        if _never_changes(chunks):
            notes.append(f"{name}: the same in every training row, so it carries no information")
        return notes

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
        """As numbers."""
        return floats(values)

    def fit(self, values: Any) -> Self:
        """Mean, standard deviation and quantiles of what is not missing."""
        return self.fit_chunks([values])

    def fit_chunks(self, chunks: Iterable[Any]) -> Self:
        """As `fit`, of values that come in chunks; beyond a million the quantiles come from a random sample."""
        self.missing, sample = False, Sample(_QUANTILES if self.bins else 0)
        mean, std = moments_of((sample.add(real)[:, None] for real in self._real(chunks)), axis=1)
        if mean:
            self.mean, self.std = mean[0], std[0]
        if self.bins and len(real := sample.values):
            edges = np.unique(np.quantile(real, np.linspace(0, 1, self.bins + 1))).tolist()
            self.edges = edges if len(edges) > 2 else []  # with one bin the plain number carries the same information
        return self

    def _real(self, chunks: Iterable[Any]) -> Iterator[NDArray[np.float64]]:
        """The values that are not missing; records whether any is."""
        for values in chunks:
            numbers = floats(values)
            real = numbers[~np.isnan(numbers)]
            self.missing = self.missing or len(real) < len(numbers)
            yield real

    def encode(self, values: Any) -> NDArray[np.float32]:
        """(rows,) standardised."""
        return ((floats(values) - self.mean) / self.std).astype(np.float32)

    def features(self, values: Any) -> NDArray[np.float32]:
        """(rows, width) the number, or its bins, and whether it is missing."""
        numbers = floats(values)[:, None]
        if self.edges:
            low, high = np.array(self.edges[:-1]), np.array(self.edges[1:])
            shares = (numbers - low) / (high - low)
            shares[:, 1:] = np.maximum(shares[:, 1:], 0)
            shares[:, :-1] = np.minimum(shares[:, :-1], 1)
        else:
            shares = (numbers - self.mean) / self.std
        absent = np.isnan(numbers)
        columns = [np.where(absent, 0.0, shares)] + [absent.astype(np.float64)] * self.missing
        return np.concatenate(columns, 1).astype(np.float32)

    def decode(self, values: NDArray[Any]) -> NDArray[np.float64]:
        """Numbers in the column's own unit."""
        numbers: NDArray[np.float64] = values.astype(np.float64) * self.std + self.mean
        return numbers

    @property
    def facts(self) -> dict[str, Any]:
        """Mean and standard deviation of the training rows."""
        return {"mean": self.mean, "std": self.std}

    @property
    def wire(self) -> NumberWire:
        """A number like those of the training rows."""
        return NumberWire(self.mean, self.std)

    @property
    def signal(self) -> Signal:
        """A vector as wide as `features`."""
        return Signal(("dim",), (max(1, len(self.edges) - 1) + self.missing,))


def _are_numbers(column: RawColumn) -> bool:
    """Whether every value is a number; each chunk is searched for strays."""
    numbers = True
    for chunk in column.chunks:
        if chunk.dtype.kind in "fiub":
            continue
        values = present(chunk)
        words = column.typed and any(isinstance(value, str) for value in values)
        if values and (words or _parsed(values) is None):
            _refuse_strays(chunk, column.typed)
            numbers = False
    return numbers


def _refuse_strays(values: NDArray[Any], typed: bool) -> None:
    """Refuse a column of numbers with a few words in it: read as categories the numbers would be lost."""
    numbers, strays, first = set(), 0, -1
    for row, value in enumerate(values.tolist()):
        if value is None or (isinstance(value, str) and value.strip().lower() in MISSING):
            continue
        if (typed and isinstance(value, str)) or _parsed([value]) is None:
            strays, first = strays + 1, row if first < 0 else first
            if strays > _STRAYS * len(values):
                return
        else:
            numbers.add(value)
    if len(numbers) > FEW:
        raise BadValue(
            first,
            f"nearly every value is a number, but {strays} {'is' if strays == 1 else 'are'} not",
            expected="a number such as 3.5, or nothing",
            got=repr(values[first]),
            fix="correct the value; or set the kind: --kind COLUMN=category (none: 'COLUMN='), kinds={COLUMN: …}",
        )


def _of_target(column: RawColumn) -> float:
    """How probably a target is a quantity rather than a class."""
    kind = column.first.dtype.kind
    if kind == "f":
        return _SURE
    if kind in "iub":
        return 0.45 if column.table and not few_wholes(column.sample) else _UNLIKELY
    values = [value for chunk in column.chunks for value in present(chunk)]
    if kind != "O" or (column.typed and any(isinstance(value, str) for value in values)):
        return 0.0
    numbers = _parsed(values)
    if numbers is None or not len(numbers):
        return 0.0
    return _UNLIKELY if few_wholes(numbers.tolist()) else _SURE


def _parsed(values: list[Any]) -> NDArray[np.float64] | None:
    """The values as numbers; None if one isn't."""
    try:
        cells = np.array(values, dtype=object)
    except ValueError:  # arrays of several sizes
        return None
    try:
        return floats(cells)
    except BadValue as fault:
        if "infinite" in fault.what:
            raise
        return None


def _never_changes(chunks: Iterable[NDArray[Any]]) -> bool:
    low, high = np.inf, -np.inf
    for chunk in chunks:
        numbers = floats(chunk)
        if not np.isnan(numbers).all():
            low, high = min(low, float(np.nanmin(numbers))), max(high, float(np.nanmax(numbers)))
    return low == high


def floats(values: Any) -> NDArray[np.float64]:
    """Raw values (numbers, words, None) as float64, NaN for missing.

    Raises:
        BadValue: a word that is no number, or an infinite number.
    """
    array = np.asarray(values)
    if array.dtype.kind not in "fiub" and (parsed := _parsed_by_arrow(array)) is not None:
        array = parsed
    elif array.dtype.kind not in "fiub":
        array = np.array([_number(row, value) for row, value in enumerate(array.tolist())], np.float64)
    numbers = array.astype(np.float64)
    if numbers.ndim != 1:
        raise BadValue(0, "a number column holds one number per row", got=f"shape {numbers.shape}")
    if np.isinf(numbers).any():
        raise BadValue(int(np.argmax(np.isinf(numbers))), "a number is infinite", expected="a finite number")
    return numbers


def _parsed_by_arrow(words: NDArray[Any]) -> NDArray[np.float64] | None:
    """A long column of words parsed by arrow, ten times as fast; None if it is short, or arrow can't parse it."""
    if len(words) < _LONG:
        return None
    try:
        import pyarrow as pa
        import pyarrow.compute as pc
    except ModuleNotFoundError:  # an exported runner works without
        return None

    try:
        trimmed = pc.utf8_trim_whitespace(pa.array(words, pa.string(), from_pandas=True))
        numbers: NDArray[np.float64] = pc.cast(trimmed, pa.float64()).to_numpy(zero_copy_only=False)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return None
    return numbers


def _number(row: int, value: Any) -> float:
    if value is None or (isinstance(value, str) and value.strip().lower() in MISSING):
        return np.nan
    try:
        if isinstance(value, str) and "_" in value:  # Python accepts "1_000" as a number, other readers do not
            raise ValueError
        return float(value)
    except (TypeError, ValueError):
        raise BadValue(
            row,
            "this is not a number",
            expected="a number such as 3.5, or nothing",
            got=repr(value),
            fix="correct the value, or read it as 'category' or 'text': --kind COLUMN=category, kinds={COLUMN: …}",
        ) from None


def example() -> tuple[Number, Any]:
    """The kind, and six numbers, one of them missing: for its contract."""
    return Number(bins=3), [1.5, None, -2, 7, 7.25, 1e3]
