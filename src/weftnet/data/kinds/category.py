"""Category: one of a few labels.

    encode:   the label's index (rows,); `len(labels)` means a missing or unseen label
    features: one-hot over the labels and that last slot

Rare labels share the slot of missing and unseen ones, so that it is trained: an input keeps the `most` most frequent
labels, each of which occurs at least `least` times in the training rows. A target keeps all (`most=0, least=1`).
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from weftnet.architecture.signal import Signal
from weftnet.data.kinds._counting import counted
from weftnet.data.kinds._kind import Kind, refuse
from weftnet.data.kinds._patterns import patterned
from weftnet.data.kinds._raw import RawColumn
from weftnet.data.kinds._spelling import Places, merged, spelling
from weftnet.data.ways import leave_out
from weftnet.data.wires import LabelWire

Label = int | str

#: labels that a message lists
_SHOWN = 24
#: labels that are distinguished when they are counted for a note
_DISTINCT = 2**18


@dataclass
class Category(Kind):
    """A column of labels.

    Args:
        most: labels to keep, the most frequent ones; 0 for all.
        least: training rows in which a label must occur to be kept.
    """

    measures: ClassVar[Literal["nominal"]] = "nominal"
    strange: ClassVar[str] = "a label that is not among those kept of the training rows, and is read like a rare one"
    as_target: ClassVar[Mapping[str, Any]] = {"most": 0, "least": 1}
    most: int = 64
    least: int = 2
    labels: list[Label] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        if not isinstance(self.most, int) or self.most < 0 or not isinstance(self.least, int) or self.least < 1:
            raise ValueError(f"category: expected most ≥ 0 and least ≥ 1, got {self.most!r} and {self.least!r}")
        self._quantities: list[str] = []

    @classmethod
    def recognises(cls, column: RawColumn) -> float:
        """Any single values; no fractions as a target."""
        if not column.single:
            return 0.0
        numbers = np.array(column.sample) if column.target and column.first.dtype.kind == "f" else np.empty(0)
        return 0.5 * bool((numbers == np.round(numbers)).all())

    @property
    def outline(self) -> str:
        """How many classes there are."""
        return f"one of {len(self.labels)} classes"

    def findings(self, name: str, chunks: Iterable[NDArray[Any]], rows: int) -> list[str]:
        """Whether it is like an identifier, or constant; labels that are rare, in several spellings, or quantities."""
        spelt = [f"{name}: {note}" for note in [*merged(_written(chunks)), *self._quantities]]
        return self._frequencies(name, _distinct(chunks), rows) + spelt

    def target_findings(self, name: str, values: NDArray[Any]) -> list[str]:
        """Labels in several spellings, and labels that are quantities."""
        return merged(_written([values])) + self._quantities

    def _frequencies(self, name: str, distinct: int, rows: int) -> list[str]:
        if distinct > max(20, 0.9 * rows):
            return [f"{name}: nearly every row differs, like an identifier; {leave_out(name)}"]
        if distinct > len(self.labels):
            many = "more than " * (distinct > _DISTINCT)
            return [
                f"{name}: {many}{min(distinct, _DISTINCT)} labels, the {len(self.labels)} most frequent kept, "
                "the others read as one"
            ]
        return [f"{name}: the same in every training row, so it carries no information"] * (distinct == 1)

    def legible(self, features: NDArray[Any]) -> str:
        """The label."""
        place = int(features.argmax())
        return str(self.labels[place]) if place < len(self.labels) else "another label, or none"

    def balance(self, values: NDArray[Any]) -> Counter[str]:
        """Of every label."""
        return Counter(map(str, labels(values)))

    def unknown(self, values: Any) -> Counter[str]:
        """Labels without an index of their own; missing values do not count."""
        found = labels(np.asarray(values)[self.encode(values) == len(self.labels)])
        return Counter(str(label) for label in found if label is not None)

    def departures(self, name: str, values: Any) -> list[str]:
        """Labels that were not kept of the training rows."""
        strange = self.encode(values) == len(self.labels)
        return [
            f"never seen in training, or too rarely: {name} {str(label)[:80]!r}" if far and label is not None else ""
            for far, label in zip(strange.tolist(), labels(values), strict=True)
        ]

    def encode_target(self, values: Any) -> NDArray[np.int64]:
        """As `encode`; every label must be known."""
        codes = self.encode(values)
        more = len(self.labels) - _SHOWN
        known = ", ".join(map(str, self.labels[:_SHOWN])) + (f" and {more} more" if more > 0 else "")
        refuse(values, codes == len(self.labels), "the target is no label of the training rows", known)
        return codes

    def fit(self, values: Any) -> Self:
        """The labels, sorted: by value if all are whole numbers, otherwise by spelling."""
        return self.fit_chunks([values])

    def fit_chunks(self, chunks: Iterable[Any]) -> Self:
        """As `fit`, of values that come in chunks (`_counting.py`)."""
        counts = counted([label for label in labels(values) if label is not None] for values in chunks)
        self._quantities = patterned([label for label in counts if isinstance(label, str)])
        ranked = sorted(counts, key=lambda label: (-counts[label], str(label)))
        kept = [label for label in ranked if counts[label] >= self.least][: self.most or None]
        try:
            self.labels = sorted(kept, key=lambda label: (int(label), str(label)))
        except ValueError:
            self.labels = sorted(kept, key=str)
        return self

    def encode(self, values: Any) -> NDArray[np.int64]:
        """(rows,) int64 indices."""
        places, other = Places(self.labels), len(self.labels)
        array = np.asarray(values)
        if array.dtype.kind in "iubU":
            distinct, inverse = np.unique(array, return_inverse=True)
            return self._codes(distinct, places, other)[inverse.reshape(array.shape)]
        return self._codes(array, places, other)

    def _codes(self, array: NDArray[Any], places: Places, other: int) -> NDArray[np.int64]:
        words = (_word(value) for value in array.tolist())
        return np.array([other if word is None else places[word] for word in words], np.int64)

    def features(self, values: Any) -> NDArray[np.float32]:
        """(rows, labels + 1) one-hot."""
        return np.eye(len(self.labels) + 1, dtype=np.float32)[self.encode(values)]

    def decode(self, values: NDArray[Any]) -> list[Label | None]:
        """Labels; None for the slot of the missing and unseen."""
        return [self.labels[index] if 0 <= index < len(self.labels) else None for index in values.tolist()]

    @property
    def facts(self) -> dict[str, Any]:
        """The known labels."""
        return {"labels": list(self.labels)}

    @property
    def wire(self) -> LabelWire:
        """One of the labels."""
        return LabelWire(self.labels)

    @property
    def useless(self) -> str:
        """No label is frequent enough."""
        said = "; ".join([f"no label occurs {self.least} times, as in dates or identifiers", *self._quantities])
        return "" if self.labels else said

    @property
    def signal(self) -> Signal:
        """A vector as wide as `features`."""
        return Signal(("dim",), (len(self.labels) + 1,))


def labels(values: Any) -> list[Label | None]:
    """Raw values as labels: whole numbers as int, the rest as str in one spelling, missing as None."""
    array = np.asarray(values)
    if array.dtype.kind in "iu":
        return [int(value) for value in array.tolist()]
    return [_label(value) for value in array.tolist()]


def _label(value: Any) -> Label | None:
    if (word := _word(value)) is None:
        return None
    is_word = isinstance(value, str | bool) or not word.removeprefix("-").isdecimal()
    return (spelling(word) or None) if is_word else int(word)


def _word(value: Any) -> str | None:
    """A raw value as a word, 3.0 as 3; None for missing."""
    if type(value) is str:  # the usual case, first
        return value or None
    if value is None or value != value:
        return None
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _distinct(chunks: Iterable[NDArray[Any]]) -> int:
    """The number of different labels; beyond `_DISTINCT` the counting stops."""
    found: set[str] = set()
    for chunk in chunks:
        if len(found) <= _DISTINCT:
            found |= {str(label) for label in labels(chunk) if label is not None}
    return len(found)


def _written(chunks: Iterable[NDArray[Any]]) -> set[str]:
    """The different words as they are written; beyond `_DISTINCT` no more are looked at."""
    found: set[str] = set()
    for chunk in chunks:
        if len(found) <= _DISTINCT and chunk.dtype.kind in "OU":
            found |= {value for value in chunk.tolist() if isinstance(value, str) and value}
    return found


def example() -> tuple[Category, Any]:
    """The kind, and five words, one of them missing: for its contract."""
    return Category(least=1), ["b", "a", None, "b", "ö"]
