"""Labels: any number of labels in every row.

    encode:   y[row, k] = 1 if the row has label k, else 0           (rows, labels)
    features: y, and a last column: 1 if the row has a label that was not kept       (rows, labels + 1)

A row's labels are a list of words, or one word with a separator between them: "drama; war". A row without any is all
zeros. An input keeps the `most` most frequent labels, each of which occurs in at least `least` training rows; the rest
share the last column. A target keeps all, and a label that no training row has is an error with its row, unless
`unseen` is "ignore".
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from weftnet.architecture.signal import Signal
from weftnet.data.kinds._counting import counted
from weftnet.data.kinds._kind import BadValue, Kind
from weftnet.data.kinds._raw import RawColumn
from weftnet.data.kinds._spelling import Places, spelling
from weftnet.data.kinds._word_lists import are_lists, repeats
from weftnet.data.ways import read_as
from weftnet.data.wires import LabelsWire


@dataclass
class Labels(Kind):
    """A column of sets of labels.

    Args:
        separator: between the labels of a row that is a single string.
        most: labels to keep, the most frequent ones; 0 for all.
        least: training rows in which a label must occur to be kept.
        unseen: "error" or "ignore": what a target does with a label that was not kept.
    """

    strange: ClassVar[str] = "a label that is not among those kept of the training rows"
    as_target: ClassVar[Mapping[str, Any]] = {"most": 0, "least": 1}
    separator: str = ";"
    most: int = 64
    least: int = 2
    unseen: str = "error"
    labels: list[str] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        if not isinstance(self.separator, str) or not self.separator:
            raise ValueError(f"labels: separator: expected a mark such as ';', '|' or ',', got {self.separator!r}")
        if not isinstance(self.most, int) or self.most < 0 or not isinstance(self.least, int) or self.least < 1:
            raise ValueError(f"labels: expected most ≥ 0 and least ≥ 1, got {self.most!r} and {self.least!r}")
        if self.unseen not in ("error", "ignore"):
            raise ValueError(f"labels: unseen: expected 'error' or 'ignore', got {self.unseen!r}")

    @classmethod
    def recognises(cls, column: RawColumn) -> float:
        """Lists of words in every row; hardly where a row has one twice."""
        listed = column.first.dtype.kind == "O" and column.every(are_lists)
        return (0.3 if repeats(column.sample) else 0.95) if listed else 0.0

    def legible(self, features: NDArray[Any]) -> str:
        """The labels."""
        return ", ".join(self.decode(features[None, :-1])[0]) or "none"

    def balance(self, values: NDArray[Any]) -> Counter[str]:
        """Of every label, in whatever rows."""
        return Counter(label for labels in self.sets(values) for label in labels)

    @property
    def outline(self) -> str:
        """How many labels there are."""
        return f"any of {len(self.labels)} labels"

    def compared(self, values: NDArray[Any]) -> NDArray[Any]:
        """Each row's labels in one order."""
        return np.array([";".join(sorted(labels)) for labels in self.sets(values)])

    def target_findings(self, name: str, values: NDArray[Any]) -> list[str]:
        """How many rows have no label at all, which may be intended."""
        none = sum(not labels for labels in self.sets(values))
        return [f"{none} rows have no label"] * (none > 0)

    def fit(self, values: Any) -> Self:
        """The labels kept, sorted."""
        return self.fit_chunks([values])

    def fit_chunks(self, chunks: Iterable[Any]) -> Self:
        """As `fit`, of values that come in chunks (`_counting.py`)."""
        counts = counted([label for row in self.sets(values) for label in row] for values in chunks)
        ranked = sorted(counts, key=lambda label: (-counts[label], label))
        self.labels = sorted([label for label in ranked if counts[label] >= self.least][: self.most or None])
        return self

    def encode(self, values: Any) -> NDArray[np.float32]:
        """(rows, labels) of 0 and 1.

        Raises:
            BadValue: a row has a label that was not kept, or is neither a word nor a list of words.
        """
        codes = self.features(values)
        if self.unseen == "error" and codes[:, -1].any():
            row = int(np.argmax(codes[:, -1]))
            unknown = sorted(self.unknown([values[row]]))
            raise BadValue(
                row,
                "the target holds a label that no training row has" + " often enough" * (self.least > 1),
                expected=", ".join(self.labels),
                got=", ".join(map(repr, unknown)),
                fix=lambda name: (
                    "other splits, or leave such labels out: " + read_as(name, {"labels": {"unseen": "ignore"}})
                ),
            )
        return np.ascontiguousarray(codes[:, :-1])

    def features(self, values: Any) -> NDArray[np.float32]:
        """(rows, labels + 1) of 0 and 1."""
        places = Places(self.labels)
        codes = np.zeros((len(values), len(self.labels) + 1), np.float32)
        for row, labels in enumerate(self.sets(values)):
            codes[row, [places[label] for label in labels]] = 1
        return codes

    def unknown(self, values: Any) -> Counter[str]:
        """Labels that were not kept."""
        places = Places(self.labels)
        return Counter(each for row in self.sets(values) for each in row if places[each] == len(self.labels))

    def decode(self, values: NDArray[Any]) -> list[list[str]]:
        """The labels of each row: those at 0.5 or more."""
        return [[self.labels[place] for place in np.flatnonzero(row[: len(self.labels)] >= 0.5)] for row in values]

    def sets(self, values: Any) -> list[set[str]]:
        """Each row's labels.

        Raises:
            BadValue: a row is neither a word nor a list of words.
        """
        return [self._set(row, value) for row, value in enumerate(values)]

    def _set(self, row: int, value: Any) -> set[str]:
        if isinstance(value, str):
            return {label for label in map(spelling, value.split(self.separator)) if label}
        if value is None or (isinstance(value, float) and value != value):
            return set()
        if isinstance(value, list | tuple | set | np.ndarray) and all(isinstance(each, str | int) for each in value):
            return {spelling(str(label)) for label in value} - {""}
        raise BadValue(row, "these are no labels", expected="a list of words", got=repr(value))

    @property
    def facts(self) -> dict[str, Any]:
        """The known labels."""
        return {"labels": list(self.labels)}

    @property
    def wire(self) -> LabelsWire:
        """Several of the labels."""
        return LabelsWire(self.labels)

    @property
    def signal(self) -> Signal:
        """A vector as wide as `features`."""
        return Signal(("dim",), (len(self.labels) + 1,))


def example() -> tuple[Labels, Any]:
    """The kind, and rows of labels, one of them missing: for its contract."""
    return Labels(least=1), ["b; a", "a", None, ""]
