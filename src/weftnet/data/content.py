"""What a source holds, read but not yet interpreted: raw columns, its own splits, and its fingerprint."""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.data.columns import Columns, reblocked, selected
from weftnet.data.kinds._kind import BadValue
from weftnet.data.media import content_of
from weftnet.data.order import Rows
from weftnet.errors import DataError


@dataclass(frozen=True)
class Content:
    """Raw columns of equal length.

    Args:
        name: short name for reports.
        source: what was opened, for messages and for opening it again.
        columns: raw values by column; arrays, or object arrays of str and None.
        target: the target's column, if there is one.
        table: whether the columns are of a table (words and numbers) rather than whole arrays.
        splits: rows of each split that the source comes with.
        typed: whether the source distinguishes numbers from words, so that "07" is a word.
        first: number of the first row in messages (2 below the header of a spreadsheet).
        files: the file of each row, where each row is one.
        aside: columns of metadata, which are no inputs unless `kinds` names them.
        kinds: what the source knows of its columns, such as the names of classes; `kinds` of a request goes first.
        parts: the files that a table was joined from, and how many rows each has; () for one.
        asked: files beside the training table that lack its target, to be answered.
        notes: what the reader of the source noticed or left out.
        fingerprint: sha256 of the decoded content.
        chunk: rows to be processed at a time, where the whole would not fit into memory; 0 for all at once.
        memory: bytes that the encoded rows may take before they are kept on disk; 0 for no limit.
        reopen: opens the source again, where this content no longer holds its raw rows.
    """

    name: str
    source: str
    columns: Mapping[str, NDArray[Any]]
    fingerprint: str
    target: str | None = None
    table: bool = False
    typed: bool = False
    splits: Mapping[str, Rows] = field(default_factory=dict)
    first: int = 0
    files: Sequence[Path] | None = None
    aside: frozenset[str] = frozenset()
    kinds: Mapping[str, str | Mapping[str, Mapping[str, Any]]] = field(default_factory=dict)
    parts: tuple[tuple[str, int], ...] = ()
    asked: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ()
    chunk: int = 0
    memory: int = 0
    reopen: Callable[[], AbstractContextManager["Content"]] | None = None

    @property
    def count(self) -> int:
        """Rows."""
        if isinstance(self.columns, Columns):
            return self.columns.count
        return len(next(iter(self.columns.values())))

    def on_disk(self, column: str) -> bool:
        """Whether a column is too large to be read as a whole."""
        return isinstance(self.columns, Columns) and self.columns.is_on_disk(column)

    def chunks(self, column: str, rows: Rows | None = None, width: int = 1) -> Iterator[NDArray[Any]]:
        """A column's values, some rows at a time.

        Args:
            column: its name.
            rows: of these rows, ascending; all by default.
            width: numbers that each row is encoded to; the more, the fewer rows a chunk holds.
        """
        blocks = self.columns.blocks(column) if isinstance(self.columns, Columns) else iter([self.columns[column]])
        if rows is not None:
            blocks = selected(blocks, rows)
        size = self.chunk or 2**62
        if self.memory:
            size = max(1, min(size, self.memory // (16 * 8 * width)))
        return reblocked(blocks, size)

    def rows(self, column: str, rows: Rows) -> NDArray[Any]:
        """A column's values in some rows, in the order of `rows`."""
        if not self.on_disk(column):
            return self.columns[column][rows]
        order = np.argsort(rows, kind="stable")
        ascending = np.concatenate(list(self.chunks(column, rows[order])))
        values: NDArray[Any] = ascending[np.argsort(order, kind="stable")]
        return values

    def place(self, column: str, row: int) -> str:
        """Where a value is, for messages: `people.csv: row 17, column 'age'`."""
        if self.files is not None:
            return f"{self.files[row]}: {column}"
        for file, count in self.parts:
            if row < count:
                return f"{file}: row {row + self.first}, column {column!r}"
            row -= count
        if self.table:
            return f"{self.source}: row {row + self.first}, column {column!r}"
        for split, rows in self.splits.items():
            if len(rows) and rows[0] <= row <= rows[-1]:
                return f"{self.source}: {column}_{split}, row {row - rows[0]}"
        return f"{self.source}: {column}, row {row}"


def fingerprint(arrays: Mapping[str, NDArray[Any]]) -> str:
    """sha256 over names, types, shapes and values: the same for equal arrays, however they are stored."""
    digest = hashlib.sha256()
    for name in sorted(arrays):
        array = arrays[name]
        digest.update(f"{name}:{array.dtype.str}:{array.shape};".encode())
        if array.dtype.hasobject:
            for value in array.flat:
                digest.update(content_of(value) + b";")
        elif array.size and array.ndim:
            rows = max(1, 2**22 // array[:1].nbytes)
            for start in range(0, len(array), rows):
                chunk = np.ascontiguousarray(array[start : start + rows])
                digest.update(chunk.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def located(content: Content, column: str, rows: Rows | None, work: Any, start: Callable[[], int] = lambda: 0) -> Any:
    """Call a function that reads a column's values; its errors then name file, row and column.

    Args:
        content: that holds the column.
        column: its name.
        rows: that the function reads; all by default.
        work: the function.
        start: returns how many of the rows precede those from which an error counts.
    """
    try:
        return work()
    except BadValue as fault:
        row = fault.row + start()
        raise fault.of_column(column, content.place(column, int(row if rows is None else rows[row]))) from None
    except DataError as fault:
        fault.where = fault.where or f"{content.source}: {column}"
        raise


def short_name(source: str) -> str:
    """`/data/people.csv.xz` → `people`."""
    return Path(source).name.split(".")[0] or source
