"""Fitting a column: which kind it is, its statistics, and what a reader should know about it.

All of it from the training rows, in one chunk where the columns are in memory, otherwise chunk by chunk to the same
result. A kind that can't be fitted so (byte pairs, recordings held as bytes) is fitted on a random sample, with a note.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.data.content import Content, located
from weftnet.data.infer import Spec, of_array, of_chunks, of_column
from weftnet.data.kinds._kind import Kind
from weftnet.data.kinds.number import floats
from weftnet.data.order import Rows, permutation

#: labels of a column that are told apart when they are counted for a notice
_DISTINCT = 2**18


class Chunks:
    """The training rows of a column, chunk by chunk; can be gone through again.

    Args:
        content: holds the column.
        column: its name.
        rows: the training rows.
    """

    def __init__(self, content: Content, column: str, rows: Rows) -> None:
        self.content, self.column, self.rows = content, column, rows
        self.start = 0  # where the current chunk begins among the rows

    def __iter__(self) -> Iterator[NDArray[Any]]:
        start = 0
        for chunk in self.content.chunks(self.column, self.rows):
            self.start = start
            yield chunk
            start += len(chunk)
        self.start = 0

    @property
    def cells(self) -> "Cells":
        """The values one by one."""
        return Cells(self)


class Cells(Iterable[Any]):
    """The values of a column one by one; faults count from the first."""

    def __init__(self, chunks: Chunks) -> None:
        self._pieces = chunks

    def __iter__(self) -> Iterator[Any]:
        for chunk in self._pieces:
            self._pieces.start = 0
            yield from chunk


def infer(content: Content, name: str, train: Rows) -> Spec | None:
    """The kind of an input column; None if it has no value."""
    if not content.on_disk(name):
        values = content.columns[name][train]
        if not content.table:
            return of_array(values, f"{content.source}: {name}")
        found: Spec | None = located(content, name, train, lambda: of_column(values, content.typed))
        return found
    chunks = Chunks(content, name, train)
    if not content.table:
        return of_array(next(iter(chunks)), f"{content.source}: {name}")
    found = in_place(chunks, lambda: of_chunks(chunks, content.typed))
    return found


def fit(content: Content, name: str, train: Rows, kind: Kind) -> list[str]:
    """Fit a kind to the training rows; notes if a sample had to do."""
    if not content.on_disk(name):
        values = content.columns[name][train]
        located(content, name, train, lambda: kind.fit(values))
        return []
    chunks = Chunks(content, name, train)
    if hasattr(kind, "fit_chunks"):
        in_place(chunks, lambda: kind.fit_chunks(chunks))
        return []
    sample = np.sort(train[permutation(len(train), "sample", name)[: content.chunk]])
    chunks = Chunks(content, name, sample)
    located(content, name, sample, lambda: kind.fit(np.concatenate(list(chunks))))
    if len(sample) == len(train):
        return []
    return [f"{name}: fitted on a random sample of {len(sample)} of {len(train)} training rows, as memory allows"]


def notices(content: Content, name: str, train: Rows, kind: Kind) -> list[str]:
    """What a reader should know about a fitted column."""
    if told := getattr(kind, "notices", ()):
        return [f"{name}: {notice}" for notice in told]
    state = kind.state()
    if state["kind"] not in ("number", "category"):
        return []
    chunks = Chunks(content, name, train) if content.on_disk(name) else [content.columns[name][train]]
    if state["kind"] == "number":
        notes = [f"{name}: missing values read as the mean, and a further input marks them"] * state["missing"]
        if _never_changes(chunks):
            notes.append(f"{name}: the same in every training row, so it says nothing")
        return notes
    distinct = _distinct(chunks)
    if distinct > max(20, 0.9 * len(train)):
        return [f"{name}: nearly every row differs, like an identifier; leave it out by kinds={{{name!r}: None}}"]
    if distinct > len(state["labels"]):
        kept, many = len(state["labels"]), "more than " * (distinct > _DISTINCT)
        return [
            f"{name}: {many}{min(distinct, _DISTINCT)} labels, the {kept} frequent ones kept, the others read as one"
        ]
    if distinct == 1:
        return [f"{name}: the same in every training row, so it says nothing"]
    return []


def in_place(chunks: Chunks, work: Any) -> Any:
    """Do some work on a column's chunks; a fault is told with its file, row and column."""
    return located(chunks.content, chunks.column, chunks.rows, work, start=lambda: chunks.start)


def _never_changes(chunks: Iterable[NDArray[Any]]) -> bool:
    low, high = np.inf, -np.inf
    for chunk in chunks:
        numbers = floats(chunk)
        if not np.isnan(numbers).all():
            low, high = min(low, float(np.nanmin(numbers))), max(high, float(np.nanmax(numbers)))
    return low == high


def _distinct(chunks: Iterable[NDArray[Any]]) -> int:
    """How many labels there are; a few more than `_DISTINCT` if there are more."""
    found: set[str] = set()
    for chunk in chunks:
        if len(found) <= _DISTINCT:
            found |= {str(value) for value in chunk.tolist() if value is not None}
    return len(found)
