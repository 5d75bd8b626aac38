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
from weftnet.data.infer import Spec, either, recognise
from weftnet.data.kinds._kind import Kind
from weftnet.data.kinds._raw import RawColumn
from weftnet.data.order import Rows, permutation


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


def infer(content: Content, name: str, train: Rows) -> tuple[Spec | None, list[str]]:
    """The kind of an input column, None if it has no values; and a note if it could be another."""
    where = f"{content.source}: {name}"
    chunks = Chunks(content, name, train) if content.on_disk(name) else [content.columns[name][train]]
    column = RawColumn(chunks, table=content.table, typed=content.typed)
    taken, other = located(content, name, train, lambda: recognise(column, where))
    return taken, either(name, str(taken), other)


def fit(content: Content, name: str, train: Rows, kind: Kind) -> list[str]:
    """Fit a kind to the training rows; returns a note if only a sample was used.

    A kind that shares what it learns with other columns is fitted with them: see `vocabularies.py`.
    """
    if getattr(kind, "shared", False):
        return []
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


def findings(content: Content, name: str, train: Rows, kind: Kind) -> list[str]:
    """Notes for the reader about a fitted column."""
    chunks = Chunks(content, name, train) if content.on_disk(name) else [content.columns[name][train]]
    return kind.findings(name, chunks, len(train))


def _located(chunks: Chunks, work: Any) -> Any:
    """Call a function that iterates over a column's chunks; its errors then name file, row and column."""
    return located(chunks.content, chunks.column, chunks.rows, work, start=lambda: chunks.start)
