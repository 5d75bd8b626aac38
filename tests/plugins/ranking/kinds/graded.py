"""Graded: how relevant each item of a list is, a whole number from 0; −1 for an item that nobody judged."""

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from weftnet.architecture.signal import Signal
from weftnet.data.kinds import Kind, RawColumn
from weftnet.data.wires import NumbersWire
from weftnet.errors import DataError


@dataclass
class Graded(Kind):
    """An array (rows, items) of grades."""

    items: int = field(default=0, init=False)
    largest: int = field(default=0, init=False)

    @classmethod
    def recognises(cls, column: RawColumn) -> float:
        """A target of two axes, of small whole numbers from −1 on."""
        first = column.first
        if not column.target or first.ndim != 2 or first.dtype.kind not in "fiu":
            return 0.0
        return 0.95 if bool(((first == first.round()) & (first >= -1) & (first < 32)).all()) else 0.0

    def fit(self, values: Any) -> Self:
        """How many items a list has, and the largest grade."""
        grades = np.asarray(values)
        self.items, self.largest = grades.shape[1], int(grades.max())
        return self

    def encode(self, values: Any) -> NDArray[np.int64]:
        """(rows, items) the grades.

        Raises:
            DataError: a list has another number of items.
        """
        grades = np.asarray(values)
        if grades.shape[1:] != (self.items,):
            got = ", ".join(map(str, grades.shape[1:]))
            raise DataError("lists of another length", expected=f"{self.items} grades", got=got)
        return grades.astype(np.int64)

    def encode_target(self, values: Any) -> NDArray[np.int64]:
        """The same: an item without a grade is masked."""
        return self.encode(values)

    def mask(self, values: NDArray[Any]) -> NDArray[np.bool_]:
        """Which items were judged."""
        return np.asarray(values >= 0)

    def decode(self, values: NDArray[Any]) -> NDArray[np.int64]:
        """The grades."""
        return values.astype(np.int64)

    @property
    def facts(self) -> dict[str, Any]:
        """Items of a list, and the largest grade."""
        return {"items": self.items, "largest": self.largest}

    @property
    def wire(self) -> NumbersWire:
        """As many numbers as items."""
        return NumbersWire((self.items,))

    @property
    def signal(self) -> Signal:
        """A vector of whole numbers."""
        return Signal(("dim",), (self.items,), "int")


def example() -> tuple[Graded, NDArray[np.int64]]:
    """Some lists, with an item that nobody judged."""
    return Graded(), np.array([[0, 2, 1], [3, -1, 0], [1, 1, 2]])
