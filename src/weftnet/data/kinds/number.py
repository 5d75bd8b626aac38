"""Number: standardised; optionally encoded piecewise linearly over the quantiles.

    encode:   z = (x − mean) / std                        missing stays NaN
    features: z, or with bins the vector e₁ … e_bins;     missing → 0, and a column 1 for missing
    e_t = (x − b_{t−1}) / (b_t − b_{t−1}), clipped to ≥ 0 except in the first bin, and to ≤ 1 except in the last

Source: Gorishniy, Rubachev, Babenko, On embeddings for numerical features in tabular deep learning, 2022,
https://arxiv.org/abs/2203.05556, equation 1: with it plain networks come up to gradient-boosted trees.
Differs: the missing column exists only if the training rows had missing values.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from weftnet.architecture.signal import Signal
from weftnet.data.kinds._kind import BadValue, from_state, state_of
from weftnet.data.kinds._moments import moments_of
from weftnet.data.kinds._sample import Sample

#: words that mean a missing value
MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "?"})
_LONG = 1000
_QUANTILES = 2**20  # size of the sample from which quantiles are computed


@dataclass
class Number:
    """A column of numbers.

    Args:
        bins: quantile bins of the piecewise-linear encoding; 0 for the standardised number alone.
    """

    wire: ClassVar[str] = "number"
    bins: int = 0
    mean: float = field(default=0.0, init=False)
    std: float = field(default=1.0, init=False)
    missing: bool = field(default=False, init=False)
    edges: list[float] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        if not isinstance(self.bins, int) or self.bins < 0 or self.bins == 1:
            raise ValueError(f"number: bins: expected 0 or at least 2, got {self.bins!r}")

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

    def state(self) -> dict[str, Any]:
        """Settings and statistics, JSON."""
        return state_of(self)

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """The kind that has this state."""
        return from_state(cls, state)

    @property
    def facts(self) -> dict[str, Any]:
        """Mean and standard deviation of the training rows."""
        return {"mean": self.mean, "std": self.std}

    @property
    def signal(self) -> Signal:
        """A vector as wide as `features`."""
        return Signal(("dim",), (max(1, len(self.edges) - 1) + self.missing,))


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
