"""Fitting a column: its kind, its statistics, and notes for the reader.

All of it uses the training rows alone, in one go where the columns are in memory, otherwise in chunks with the same
result. A kind that can't be fitted in chunks (byte pairs, recordings held as bytes) is fitted on a random sample, with
a note.
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

#: labels of a column that are distinguished when they are counted for a note
_DISTINCT = 2**18


class Chunks:
    """The training rows of a column in chunks; can be iterated again.

    Args:
        content: that holds the column.
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
    """The values of a column one by one; errors count from the first."""

    def __init__(self, chunks: Chunks) -> None:
        self._chunks = chunks

    def __iter__(self) -> Iterator[Any]:
        for chunk in self._chunks:
            self._chunks.start = 0
            yield from chunk


def infer(content: Content, name: str, train: Rows) -> Spec | None:
    """The kind of an input column; None if it has no values."""
    if not content.on_disk(name):
        values = content.columns[name][train]
        if not content.table:
            return of_array(values, f"{content.source}: {name}")
        spec: Spec | None = located(content, name, train, lambda: of_column(values, content.typed))
        return spec
    chunks = Chunks(content, name, train)
    if not content.table:
        return of_array(next(iter(chunks)), f"{content.source}: {name}")
    spec = _located(chunks, lambda: of_chunks(chunks, content.typed))
    return spec


def fit(content: Content, name: str, train: Rows, kind: Kind) -> list[str]:
    """Fit a kind to the training rows; returns a note if only a sample was used."""
    if not content.on_disk(name):
        values = content.columns[name][train]
        located(content, name, train, lambda: kind.fit(values))
        return []
    chunks = Chunks(content, name, train)
    if hasattr(kind, "fit_chunks"):
        _located(chunks, lambda: kind.fit_chunks(chunks))
        return []
    sample = np.sort(train[permutation(len(train), "sample", name)[: content.chunk]])
    chunks = Chunks(content, name, sample)
    located(content, name, sample, lambda: kind.fit(np.concatenate(list(chunks))))
    if len(sample) == len(train):
        return []
    return [f"{name}: fitted on a random sample of {len(sample)} of {len(train)} training rows, as memory allows"]


def notices(content: Content, name: str, train: Rows, kind: Kind) -> list[str]:
    """Notes for the reader about a fitted column."""
    if own := getattr(kind, "notices", ()):
        return [f"{name}: {notice}" for notice in own]
    state = kind.state()
    if state["kind"] not in ("number", "category"):
        return []
    chunks = Chunks(content, name, train) if content.on_disk(name) else [content.columns[name][train]]
    if state["kind"] == "number":
        notes = [f"{name}: missing values read as the mean, and a further input marks them"] * state["missing"]
        if _never_changes(chunks):
            notes.append(f"{name}: the same in every training row, so it carries no information")
        return notes
    distinct = _distinct(chunks)
    if distinct > max(20, 0.9 * len(train)):
        return [f"{name}: nearly every row differs, like an identifier; leave it out by kinds={{{name!r}: None}}"]
    if distinct > len(state["labels"]):
        kept, many = len(state["labels"]), "more than " * (distinct > _DISTINCT)
        return [
            f"{name}: {many}{min(distinct, _DISTINCT)} labels, the {kept} most frequent kept, the others read as one"
        ]
    if distinct == 1:
        return [f"{name}: the same in every training row, so it carries no information"]
    return []


def _located(chunks: Chunks, work: Any) -> Any:
    """Call a function that iterates over a column's chunks; its errors then name file, row and column."""
    return located(chunks.content, chunks.column, chunks.rows, work, start=lambda: chunks.start)


def _never_changes(chunks: Iterable[NDArray[Any]]) -> bool:
    low, high = np.inf, -np.inf
    for chunk in chunks:
        numbers = floats(chunk)
        if not np.isnan(numbers).all():
            low, high = min(low, float(np.nanmin(numbers))), max(high, float(np.nanmax(numbers)))
    return low == high


def _distinct(chunks: Iterable[NDArray[Any]]) -> int:
    """The number of different labels; beyond `_DISTINCT` the counting stops."""
    labels: set[str] = set()
    for chunk in chunks:
        if len(labels) <= _DISTINCT:
            labels |= {str(value) for value in chunk.tolist() if value is not None}
    return len(labels)
