"""Tables: comma-separated values, or a mapping of columns at hand.

Every value is read as a word first; what it means is inferred from the training rows (`infer.py`), so that a stray
word in a column of numbers is found with its row. Empty, NA, N/A, nan, null, none and ? are missing values.
Rows are counted as a spreadsheet does: the header is row 1.
"""

import csv
import hashlib
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netloom.data.content import Content, fingerprint, short_name
from netloom.data.kinds.number import MISSING
from netloom.data.read import LIMIT, read_text, suffixes
from netloom.errors import DataError

ENDINGS = (".csv", ".tsv")


def read(
    path: Path,
    *,
    delimiter: str | None = None,
    columns: Sequence[str] | None = None,
    encoding: str = "utf-8",
    limit: int = LIMIT,
) -> Content:
    """Read a .csv or .tsv file, packed or not.

    Args:
        path: the file.
        delimiter: between values; by default a tab for .tsv, otherwise a comma.
        columns: the columns' names, for a file without a header.
        encoding: of the file.
        limit: bytes the unpacked file may have.

    Raises:
        DataError: the file is empty, ragged, or not of this encoding.
    """
    text = read_text(path, limit, encoding)
    delimiter = delimiter or ("\t" if suffixes(path)[0] == ".tsv" else ",")
    if not text.strip():
        raise DataError("the file is empty", where=str(path), expected="a header and rows")
    names = list(columns) if columns else next(csv.reader(io.StringIO(text), delimiter=delimiter))
    _check_names(names, path, delimiter)
    found = _parse(text, names, delimiter, bool(columns), path)
    if not len(next(iter(found.values()))):
        raise DataError("the file has a header but no rows", where=str(path))
    return Content(
        short_name(str(path)),
        str(path),
        found,
        hashlib.sha256(text.encode()).hexdigest(),
        table=True,
        first=1 if columns else 2,
    )


def columns_at_hand(found: Mapping[str, Any], source: str) -> Content:
    """A table of columns already in memory: lists or one-axis arrays by name."""
    columns = {str(name): _column(values) for name, values in found.items()}
    lengths = {name: len(values) for name, values in columns.items()}
    if not columns or len(set(lengths.values())) != 1 or not next(iter(lengths.values())):
        raise DataError("the columns differ in length or are empty", where=source, got=str(lengths))
    return Content(source, source, columns, fingerprint(columns), table=True)


def _column(values: Any) -> NDArray[Any]:
    """Numbers as they are; anything else as objects, with None for missing values. A row may hold a list of words."""
    if not isinstance(values, np.ndarray):
        values = list(values)
    if not any(isinstance(value, list | tuple) for value in values) and np.asarray(values).dtype.kind in "iufb":
        return np.asarray(values)
    cells = np.empty(len(values), dtype=object)
    for row, value in enumerate(values.tolist() if isinstance(values, np.ndarray) else values):
        cells[row] = None if _missing(value) else value
    return cells


def _missing(value: Any) -> bool:
    return value is None or value != value or (isinstance(value, str) and value.strip().lower() in MISSING)


def _check_names(names: list[str], path: Path, delimiter: str) -> None:
    if len(names) == 1 and delimiter == "," and (";" in names[0] or "\t" in names[0]):
        other = ";" if ";" in names[0] else "\t"
        raise DataError(
            "the header is a single column", where=str(path), got=repr(names[0]), fix=f"give delimiter={other!r}"
        )
    for number, name in enumerate(names, 1):
        if not name.strip() or names.count(name) > 1:
            what = f"two columns are called {name!r}" if name.strip() else f"column {number} has no name"
            raise DataError(what, where=f"{path}: row 1", fix="give every column a name of its own")


def _parse(text: str, names: list[str], delimiter: str, headless: bool, path: Path) -> dict[str, NDArray[Any]]:
    import pyarrow as pa
    import pyarrow.compute as pc
    from pyarrow import csv as arrow_csv

    ragged: list[Any] = []

    def note(row: Any) -> str:
        ragged.append(row)
        return "error"

    try:
        read = arrow_csv.read_csv(
            io.BytesIO(text.encode()),
            # one thread: otherwise arrow doesn't know the number of a bad row
            arrow_csv.ReadOptions(column_names=names, skip_rows=0, use_threads=False, block_size=2**26),
            arrow_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True, invalid_row_handler=note),
            arrow_csv.ConvertOptions(column_types={name: pa.string() for name in names}, strings_can_be_null=False),
        )
    except pa.ArrowInvalid as fault:
        if ragged:
            row = ragged[0]
            raise DataError(
                "a row has another number of values than the header",
                where=f"{path}: row {row.number}",
                expected=f"{row.expected_columns} values",
                got=f"{row.actual_columns}: {row.text[:80]!r}",
                fix='values that hold the delimiter or a line break stand in quotes: "a, b"',
            ) from None
        raise DataError("the table can't be read", where=str(path), got=str(fault)) from None
    missing = pa.array(sorted(MISSING))
    columns = {}
    for name in names:
        words = read[name].combine_chunks()
        absent = pc.is_in(pc.utf8_lower(pc.utf8_trim_whitespace(words)), value_set=missing)
        values = pc.if_else(absent, pa.scalar(None, pa.string()), words).to_numpy(zero_copy_only=False)
        columns[name] = values[0 if headless else 1 :]
    return columns
