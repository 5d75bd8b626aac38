"""Tables: comma-separated values, or a mapping of columns in memory.

Every value is read as a word first; its kind is inferred from the training rows (`infer.py`), so that a stray word in a
column of numbers is reported with its row. Empty, NA, N/A, nan, null, none and ? are missing values.
Rows are counted as in a spreadsheet: the header is row 1. A first line `sep=;` names the delimiter, as Excel writes it.
A column without a name is called `Unnamed: 0`, by its place, as pandas calls it.
"""

import hashlib
import io
from collections.abc import Mapping, Sequence
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.data.cells import Cells
from weftnet.data.columns import Columns
from weftnet.data.content import Content, fingerprint, short_name
from weftnet.data.headers import called, named_delimiter
from weftnet.data.kinds._gaps import MISSING
from weftnet.data.media import is_picture
from weftnet.data.moments import stamped
from weftnet.data.quotes import CheckedStream, Quote, StrayQuotes, dialect_of
from weftnet.data.read import LIMIT, UnpackedText, read_text, suffixes
from weftnet.data.sources._csv import arrow_cells, as_data_error, batches_in, names_in
from weftnet.data.sources._gone_words import GoneWords
from weftnet.data.sources._header import LOOK, check_names, looks_like_data
from weftnet.data.sources._place import Place
from weftnet.data.sources._plain import plain
from weftnet.data.sources._spool import Spool, block_bytes
from weftnet.errors import DataError

ENDINGS = (".csv", ".tsv")
#: its columns may name files beside it
NAMES_FILES = True
#: bytes in memory for each byte of the file: every value is a word of its own
WEIGHT = 10


def opens(place: Place) -> float:
    """Files by their ending, and a mapping, as columns."""
    return 0.5 if place.mapping is not None else place.ends_in(ENDINGS)


def read(
    path: Path,
    *,
    delimiter: str | None = None,
    columns: Sequence[str] | None = None,
    quote: Quote | None = None,
    decimal: str | None = None,
    thousands: str | None = None,
    missing: Sequence[str] = (),
    present: Sequence[str] = (),
    encoding: str = "utf-8",
    limit: int = LIMIT,
) -> Content:
    """Read a .csv or .tsv file, compressed or not.

    Args:
        path: the file.
        delimiter: between values; by default a tab for .tsv, otherwise a comma.
        columns: the columns' names, for a file without a header.
        quote: around values that hold a delimiter or a line break: "double" (the default, in which quotes that swallow
            rows are refused: `_quotes.py`), "single", or "none" where quotes are part of the text.
        decimal: between whole and fraction of every number of the file; by default each column is looked at by itself.
        thousands: between groups of digits; "." where `decimal` is ",".
        missing: further words that mean a missing value.
        present: words that don't: [none] where "none" is an answer like others.
        encoding: of the file.
        limit: bytes the uncompressed file may have.

    Raises:
        DataError: the file is empty, ragged, or not of this encoding.
    """
    text = read_text(path, limit, encoding)
    if not text.strip():
        raise DataError("the file is empty", where=str(path), expected="a header and rows")
    named, skip = named_delimiter(text)
    dialect = dialect_of(delimiter or named or ("\t" if suffixes(path)[0] == ".tsv" else ","), quote)
    lines = io.StringIO(text, newline="")
    for _ in range(skip):
        lines.readline()
    names = list(columns) if columns else called(names_in(lines, dialect, path) or [""])
    check_names(names, path, dialect["delimiter"])
    quotes = StrayQuotes(dialect["delimiter"], len(names), str(path), quote)
    cells = Cells(decimal, thousands, missing, present)
    parsed, gone = _parse(text, names, dialect, skip, bool(columns), quotes), GoneWords(cells)
    for name, array in parsed.items():
        gone.look(name, array)
    raw = arrow_cells(cells)
    read = {name: raw(array) for name, array in parsed.items()}
    if not len(next(iter(read.values()))):
        raise DataError("the file has a header but no rows", where=str(path))
    look = () if columns else looks_like_data(names, {name: column[:LOOK] for name, column in read.items()})
    return Content(
        short_name(str(path)),
        str(path),
        read,
        hashlib.sha256(text.encode()).hexdigest(),
        table=True,
        first=skip + (1 if columns else 2),
        notes=(*quotes.notes, *look, *gone.notes),
    )


def hold(raw: Mapping[str, Any], source: str) -> Content:
    """A table of columns already in memory: lists or arrays of one axis by name."""
    columns = {str(name): _column(values) for name, values in raw.items()}
    lengths = {name: len(values) for name, values in columns.items()}
    if not columns or len(set(lengths.values())) != 1 or not next(iter(lengths.values())):
        raise DataError("the columns differ in length or are empty", where=source, got=str(lengths))
    return Content(source, source, columns, fingerprint(columns), table=True)


def _column(values: Any) -> NDArray[Any]:
    """Numbers unchanged; anything else as objects, with None for missing values. A row may hold a list of words."""
    values = plain(values)
    if isinstance(values, np.ndarray) and values.dtype.kind == "M":
        return values.astype("datetime64[us]")
    if not isinstance(values, np.ndarray):
        values = list(values)
    if (dates := stamped(values if isinstance(values, list) else values.tolist())) is not None:
        return dates
    if not any(isinstance(value, list | tuple | str | bytes) or is_picture(value) for value in values):
        with suppress(ValueError):  # arrays of unequal shapes
            if np.asarray(values).dtype.kind in "iufb":
                return np.asarray(values)
    cells = np.empty(len(values), dtype=object)
    for row, value in enumerate(values.tolist() if isinstance(values, np.ndarray) else values):
        cells[row] = None if _missing(value) else value
    return cells


def _missing(value: Any) -> bool:
    if isinstance(value, np.ndarray):
        return False
    return value is None or value != value or (isinstance(value, str) and value.strip().lower() in MISSING)


def stream(
    path: Path,
    folder: Path,
    *,
    memory: int,
    delimiter: str | None = None,
    columns: Sequence[str] | None = None,
    quote: Quote | None = None,
    decimal: str | None = None,
    thousands: str | None = None,
    missing: Sequence[str] = (),
    present: Sequence[str] = (),
    encoding: str = "utf-8",
    limit: int = LIMIT,
) -> Content:
    """As `read`, with the columns in a file in `folder`."""
    with UnpackedText(path, limit, encoding) as text:
        named, before = named_delimiter("\n".join([*islice(text.lines(), 1), ""]))
    delimiter = delimiter or named or ("\t" if suffixes(path)[0] == ".tsv" else ",")
    dialect = dialect_of(delimiter, quote)
    names = list(columns) if columns else called(_header(path, dialect, before, encoding, limit))
    check_names(names, path, delimiter)
    cells = Cells(decimal, thousands, missing, present)
    spool = Spool(folder / "table.arrow", names)
    # arrow allocates a whole block for each column of words
    block = min(block_bytes(memory), max(2**14, memory // 4 // len(names)))
    quotes, gone = StrayQuotes(delimiter, len(names), str(path), quote), GoneWords(cells)
    with UnpackedText(path, limit, encoding) as text, as_data_error(path) as ragged:
        skip, batches, size = 0 if columns else 1, [], 0
        for batch in batches_in(CheckedStream(text, quotes), names, dialect, ragged, block, before):
            batches.append(batch.slice(skip))
            for name, array in zip(names, batches[-1], strict=True):
                gone.look(name, array)
            skip, size = 0, size + batch.nbytes
            if size > block_bytes(memory):
                spool.add_batches(batches)
                batches, size = [], 0
        spool.add_batches(batches)
        while text.read():  # the digest includes what follows the last row
            pass
    if not spool.count:
        raise DataError("the file has a header but no rows", where=str(path))
    raw = arrow_cells(cells)
    on_disk = Columns(spool.columns(lambda _, array: raw(array)))
    look = {} if columns else {name: next(on_disk.blocks(name))[:LOOK] for name in names}
    return Content(
        short_name(str(path)),
        str(path),
        on_disk,
        text.digest.hexdigest(),
        table=True,
        first=before + (1 if columns else 2),
        notes=(*quotes.notes, *(() if columns else looks_like_data(names, look)), *gone.notes),
    )


def _header(path: Path, dialect: dict[str, Any], before: int, encoding: str, limit: int) -> list[str]:
    """The first row of a table, which may hold line breaks in quotes."""
    with UnpackedText(path, limit, encoding) as text:
        lines = islice(text.lines(), before, None)
        names = names_in((line + "\n" for line in lines), dialect, path)
    if not names or names == [""]:
        raise DataError("the file is empty", where=str(path), expected="a header and rows")
    return names


def _parse(
    text: str, names: list[str], dialect: dict[str, Any], skip: int, headless: bool, quotes: StrayQuotes
) -> dict[str, Any]:
    """The columns of words, by arrow."""
    import pyarrow as pa

    raw = text.encode()
    quotes.look(raw, last=True)
    with as_data_error(Path(quotes.path)) as ragged:
        batches = list(batches_in(io.BytesIO(raw), names, dialect, ragged, 2**26, skip))
    read = pa.Table.from_batches(batches)
    return {name: read[name].combine_chunks()[0 if headless else 1 :] for name in names}


def example(folder: Path) -> Path:
    """A column of numbers, one of words, and values that are missing."""
    rows = [f"{n},{('Oslo', 'Rome', '')[n % 3]}" for n in range(24)]
    (folder / "example.csv").write_text("\n".join(["age,city", *rows]), encoding="utf-8")
    return folder / "example.csv"
