"""Columns that stay on disk, read in order and some rows at a time.

A content's columns are arrays. Where they would not fit into memory, the mapping that holds them is a `Columns`:
indexing reads a whole column, as a target needs; `blocks` yields it in blocks, which everything else should use.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]


class Column:
    """A column on disk.

    Args:
        blocks: yields its values from the first row on, an array for some rows at a time; can be called again.
        count: rows.
    """

    def __init__(self, blocks: Callable[[], Iterator[NDArray[Any]]], count: int) -> None:
        self.blocks, self.count = blocks, count

    def __len__(self) -> int:
        return self.count

    def whole(self) -> NDArray[Any]:
        """All values; equal words become one object, so that a few labels take little memory."""
        words: dict[str, str] = {}
        read = []
        for block in self.blocks():
            if block.dtype.hasobject:
                for row, value in enumerate(block.tolist()):
                    block[row] = words.setdefault(value, value) if isinstance(value, str) else value
            read.append(block)
        return np.concatenate(read)


class Columns(Mapping[str, NDArray[Any]]):
    """Columns in memory and on disk; indexing by name reads a column whole."""

    def __init__(self, columns: Mapping[str, NDArray[Any] | Column]) -> None:
        self._columns = dict(columns)

    def __getitem__(self, name: str) -> NDArray[Any]:
        column = self._columns[name]
        return column.whole() if isinstance(column, Column) else column

    def __contains__(self, name: object) -> bool:
        return name in self._columns

    def __iter__(self) -> Iterator[str]:
        return iter(self._columns)

    def __len__(self) -> int:
        return len(self._columns)

    @property
    def count(self) -> int:
        """Rows."""
        return len(next(iter(self._columns.values())))

    def changed(self, columns: Mapping[str, NDArray[Any] | Column]) -> "Columns":
        """The same columns, some of them replaced or added."""
        return Columns({**self._columns, **columns})

    def held(self, name: str) -> "Columns":
        """The same columns, with one of them read into memory."""
        return self.changed({name: self[name]})

    def is_on_disk(self, name: str) -> bool:
        """Whether a column is on disk."""
        return isinstance(self._columns[name], Column)

    def blocks(self, name: str) -> Iterator[NDArray[Any]]:
        """A column's values in order, some rows at a time."""
        column = self._columns[name]
        return column.blocks() if isinstance(column, Column) else iter([column])


def selected(blocks: Iterable[NDArray[Any]], rows: Rows) -> Iterator[NDArray[Any]]:
    """Only some rows of a column's blocks; their numbers ascend."""
    start = 0
    for block in blocks:
        first, last = np.searchsorted(rows, (start, start + len(block)))
        if last > first:
            yield block[rows[first:last] - start]
        start += len(block)


def reblocked(blocks: Iterable[NDArray[Any]], size: int) -> Iterator[NDArray[Any]]:
    """The same rows in blocks of `size`, the last one shorter."""
    held: list[NDArray[Any]] = []
    count = 0
    for block in blocks:
        start = 0
        while len(block) - start >= size - count:
            held.append(block[start : start + size - count])
            start += size - count
            yield held[0] if len(held) == 1 else np.concatenate(held)
            held, count = [], 0
        if start < len(block):
            held.append(block[start:])
            count += len(block) - start
    if held:
        yield held[0] if len(held) == 1 else np.concatenate(held)
