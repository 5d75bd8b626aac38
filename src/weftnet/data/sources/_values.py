"""Columns of plain Python values, as from JSON: one array per column, by the types of the values.

numbers, none missing               integers or floats
numbers with fractions, some missing    floats, NaN for missing
words, or anything mixed            objects, None for missing
lists of words                      objects, each a list: several labels at once
lists of numbers of one length      (rows, length), (rows, time, dim)
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.data.kinds._kind import BadValue

_LARGEST = 2**63


@dataclass
class Profile:
    """The types and shapes that a column holds, gathered chunk by chunk.

    Args:
        types: of the values; an integer too large for 64 bits counts as a float.
        shape: of the first list of numbers.
        rows: how many were inspected.
    """

    types: set[type] = field(default_factory=set)
    shape: tuple[int, ...] | None = None
    rows: int = 0

    def inspect(self, values: Sequence[Any]) -> None:
        """Inspect further rows.

        Raises:
            BadValue: a list differs from the others, or holds something other than words or numbers.
        """
        for row, value in enumerate(values, self.rows):
            kind = type(value)
            if kind is int and not -_LARGEST <= value < _LARGEST:
                kind = float
            if kind is list and not (value and all(type(word) is str for word in value)):
                kind = self._numbers(row, value)
            self.types.add(kind)
        self.rows += len(values)
        if np.ndarray in self.types and len(self.types) > 1:
            kinds = {np.ndarray, list} if self.shape == (0,) else {np.ndarray}
            if self.types - kinds:
                row = self.rows - len(values)
                row += next((place for place, value in enumerate(values) if not isinstance(value, list)), 0)
                raise BadValue(row, "some rows hold a list and some do not", fix="give every row a list")

    def array(self, values: Sequence[Any]) -> NDArray[Any]:
        """These rows of the column, in the type of the whole column."""
        real = self.types - {type(None)}
        if real == {np.ndarray} and self.shape != (0,):
            return np.array(list(values))
        if real and real <= {int, float} and (self.types == {int} or float in real):
            numbers = [np.nan if value is None else value for value in values]
            return np.array(numbers, np.int64 if self.types == {int} else np.float64)
        if self.types == {bool}:
            return np.array(values, np.bool_)
        cells = np.empty(len(values), dtype=object)
        cells[:] = values if list not in real else [None] * len(values)
        if list in real:
            for row, value in enumerate(values):
                cells[row] = value
        return cells

    def _numbers(self, row: int, value: list[Any]) -> type:
        if not value:
            return list  # no label at all
        try:
            array = np.array(value)
        except ValueError:
            array = np.empty(0, dtype=object)
        if array.dtype.kind not in "fiub":
            raise BadValue(
                row,
                "a list holds neither words nor numbers, or lists of different lengths",
                expected='["a", "b"], [1, 2] or [[1, 2], [3, 4]]',
                got=repr(value)[:80],
            )
        if self.shape is None:
            self.shape = array.shape
        if array.shape != self.shape:
            raise BadValue(
                row,
                "the lists of a column differ in length",
                expected=f"shape {self.shape}, as in the first row with a list",
                got=f"shape {array.shape}",
                fix="cut or pad them to one length",
            )
        return np.ndarray
