"""The rows of comma-separated values, by arrow: every value a word; and the words as raw values."""

import csv
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from weftnet.base.foreign import reading
from weftnet.data.cells import Cells
from weftnet.data.ways import setting
from weftnet.errors import DataError


def names_in(lines: Iterable[str], dialect: dict[str, Any], path: Path) -> list[str]:
    with reading(f"{path}: row 1", "the header can't be read"):
        return next(csv.reader(lines, **dialect), [])


def batches_in(stream: Any, names: list[str], dialect: dict[str, Any], ragged: list[Any], block: int, skip: int) -> Any:
    """The rows of a table in batches, every value a word; a ragged row is appended to `ragged` before the error."""
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    def note(row: Any) -> str:
        ragged.append(row)
        return "error"

    return arrow_csv.open_csv(
        stream,
        # one thread: otherwise arrow does not report the number of a bad row
        arrow_csv.ReadOptions(column_names=names, skip_rows=skip, use_threads=False, block_size=block),
        arrow_csv.ParseOptions(
            delimiter=dialect["delimiter"],
            quote_char=dialect["quotechar"] or False,
            newlines_in_values=dialect["quotechar"] is not None,
            ignore_empty_lines=len(names) > 1,  # in a single column an empty line is a row whose value is missing
            invalid_row_handler=note,
        ),
        arrow_csv.ConvertOptions(column_types={name: pa.string() for name in names}, strings_can_be_null=False),
    )


@contextmanager
def as_data_error(path: Path) -> Iterator[list[Any]]:
    """Arrow's errors as data errors; the list yielded receives the ragged row."""
    import pyarrow as pa

    ragged: list[Any] = []
    try:
        yield ragged
    except pa.ArrowInvalid as fault:
        if ragged:
            row = ragged[0]
            raise DataError(
                "a row has another number of values than the header",
                where=f"{path}: row {row.number}",
                expected=f"{row.expected_columns} values",
                got=f"{row.actual_columns}: {row.text[:80]!r}",
                fix='put values that hold the delimiter or a line break in quotes: "a, b"',
            ) from None
        longer = "straddl" in str(fault)
        raise DataError(
            "the table can't be read",
            where=str(path),
            got=str(fault),
            fix=f"allow more memory, so that the longest row fits: {setting('memory', '1GiB')}" * longer,
        ) from None


def absent_in(words: Iterable[str]) -> Callable[[Any], Any]:
    """Which cells of an arrow array are one of these words, given in lower case."""
    import pyarrow as pa
    import pyarrow.compute as pc

    known = pa.array(sorted(words), pa.string())
    return lambda array: pc.is_in(pc.utf8_lower(pc.utf8_trim_whitespace(array)), value_set=known)


def arrow_cells(cells: Cells) -> Callable[[Any], NDArray[Any]]:
    """As `cells`, of an arrow array at once."""
    import pyarrow as pa
    import pyarrow.compute as pc

    absent = absent_in(cells.absent)

    def of(array: Any) -> NDArray[Any]:
        gone = absent(array)
        words: NDArray[Any] = pc.if_else(gone, pa.scalar(None, pa.string()), array).to_numpy(zero_copy_only=False)
        if cells.notation is not None:
            words[:] = [None if word is None else cells(word) for word in words.tolist()]
        return words

    return of
