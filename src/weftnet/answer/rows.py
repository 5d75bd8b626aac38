"""Files of examples → raw columns, by the standard library and NumPy alone.

    NAME.csv, .tsv       a row an example, read as the run reads its own table (`TableFacts`); a picture or recording is
                         a file named in its cell; of a forecast the last rows of each series, as `series.py` reads them
    NAME.jsonl           a mapping an example, as `weftnet.data.wire` reads them
    NAME.npz, .npy       arrays by column; a single one
    NAME.txt             a text a line, for a run that reads a single text
    NAME.conll, .conllu, .iob, .iob2, .bio, or a .txt that is one
                         a word a line and an empty line between sentences, for a run that reads lists of words; of
                         several columns the run's, tags and others are left out
    a folder, any file   pictures or recordings, for a run that reads a single one

Tables, lines, arrays and texts may be compressed as .xz or .gz.

Columns that the run doesn't read, the target among them, are ignored.
"""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, TypeAlias

from weftnet.answer.manifest import SeriesFacts, TableFacts
from weftnet.answer.series import windows
from weftnet.base.files import inside
from weftnet.base.foreign import reading
from weftnet.data.conll import ENDINGS, looks_like_it, words_of
from weftnet.data.fields import Field
from weftnet.data.folder import list_folder
from weftnet.data.headers import called, named_delimiter
from weftnet.data.kinds import KINDS
from weftnet.data.media import IMAGES
from weftnet.data.pairs import without_masks
from weftnet.data.quotes import StrayQuotes, dialect_of
from weftnet.data.read import read_npy, read_npz, read_text, suffixes
from weftnet.data.wire import from_json
from weftnet.data.wires import WordsWire
from weftnet.errors import DataError, closest

csv.field_size_limit(2**31 - 1)  # a cell may be a whole text; of the file's size there is a limit

Columns: TypeAlias = Mapping[str, Sequence[Any]]
_PLAIN = TableFacts()
#: what an example is called: {"file": …}, {"series": …}
Named: TypeAlias = dict[str, str]


def read(
    source: Path, fields: Sequence[Field], series: SeriesFacts | None = None, table: TableFacts = _PLAIN
) -> tuple[Columns, list[Named]]:
    """The examples in a file or folder; and what each is called, if it is a file or a series.

    Args:
        source: a file or folder.
        fields: of the run.
        series: how it reads the rows of a table of series.
        table: how it reads a table in text.

    Raises:
        DataError: it doesn't exist, can't be read, or its examples are not what the run reads.
    """
    if not source.exists():
        raise DataError("there is no such file", where=str(source))
    with reading(source):
        if source.is_dir():
            name, files = _only(fields, source, files=True), _files(source, fields)
            return {name: [_within(source, path) for path in files]}, [
                {"file": path.relative_to(source).as_posix()} for path in files
            ]
        if _is_conll(source, fields):
            return {fields[0].name: words_of(read_text(source, encoding=table.encoding), str(source), table.token)}, []
        match suffixes(source)[0]:
            case ".csv" | ".tsv":
                return _table(source, fields, series or SeriesFacts(), table)
            case ".jsonl" | ".ndjson":
                return _lines(source, fields), []
            case ".npz" | ".npy":
                return _arrays(source, fields), []
            case ".txt":
                return {_only(fields, source): read_text(source).splitlines()}, []
        return {_only(fields, source, files=True): [source]}, [{"file": source.name}]


def _is_conll(source: Path, fields: Sequence[Field]) -> bool:
    """Whether a file holds words in columns, and the run reads lists of words alone."""
    if len(fields) != 1 or not isinstance(fields[0].wire, WordsWire):
        return False
    ending = suffixes(source)[0]
    return ending in ENDINGS or (ending == ".txt" and looks_like_it(read_text(source).splitlines()))


def _files(folder: Path, fields: Sequence[Field]) -> list[Path]:
    """The files of a folder that the kind of the only field may be, by their endings; no hidden ones, no masks."""
    endings = {suffix for field in fields for suffix in KINDS.get(field.kind).suffixes}
    if any(KINDS.get(field.kind).folders for field in fields):
        endings |= set(IMAGES)
    files = sorted(without_masks(folder, list_folder(folder, endings).files))
    return KINDS.get(fields[0].kind).examples_in(folder, files) if len(fields) == 1 else files


def _table(
    source: Path, fields: Sequence[Field], series: SeriesFacts, facts: TableFacts
) -> tuple[Columns, list[Named]]:
    text = read_text(source, encoding=facts.encoding)
    named, skip = named_delimiter(text)
    delimiter = facts.delimiter or named or ("\t" if suffixes(source)[0] == ".tsv" else ",")
    lines = islice(io.StringIO(text, newline=""), skip, None)
    rows = csv.reader(lines, **dialect_of(delimiter, facts.quote), strict=True)
    with reading(lambda: f"{source}: line {rows.line_num}", "is no table"):
        header = list(facts.columns) or called(next(rows, []))
        StrayQuotes(delimiter, len(header), str(source), facts.quote).look(text.encode(), last=True)
        _require(fields, header, source)
        columns: dict[str, list[Any]] = {name: [] for name in header}
        for row in rows:
            if len(row) != len(header):
                if not row:
                    continue
                where, expected = f"{source}: line {rows.line_num}", f"{len(header)} values"
                raise DataError("a row has another number of values", where=where, expected=expected, got=str(len(row)))
            for name, cell in zip(header, row, strict=True):
                columns[name].append(facts.cells(cell))
    if any(field.steps for field in fields):
        cut, names = windows(columns, fields, series, source)
        return cut, [{"series": name} for name in names]
    return {field.name: _cells(field, columns[_name(field, header)], source) for field in fields}, []


def _cells(field: Field, cells: list[Any], source: Path) -> list[Any]:
    if not field.wire.cell:
        fix = "give the examples as .jsonl or .npz"
        raise DataError("a cell of a table can't hold many numbers", where=f"{source}: {field.name}", fix=fix)
    return [None if cell is None else field.wire.of_cell(cell, source.parent) for cell in cells]


def _lines(source: Path, fields: Sequence[Field]) -> Columns:
    rows = []
    for number, line in enumerate(read_text(source).splitlines(), 1):
        if not line.strip():
            continue
        with reading(f"{source}: line {number}", "is not JSON"):
            row = json.loads(line)
        if not isinstance(row, dict):
            raise DataError("is no mapping", where=f"{source}: line {number}", got=type(row).__name__)
        rows.append(row)
    _require(fields, list({name for row in rows for name in row}), source)
    known = {name for field in fields for name in (field.name, field.input)}
    return from_json(fields, [{name: value for name, value in row.items() if name in known} for row in rows])


def _arrays(source: Path, fields: Sequence[Field]) -> Columns:
    if suffixes(source)[0] == ".npy":
        if len(fields) != 1:
            raise DataError("one array for several columns", where=str(source), expected=_names(fields))
        return {fields[0].name: list(read_npy(source))}
    loaded = read_npz(source)
    _require(fields, list(loaded), source)
    return {field.name: list(loaded[_name(field, list(loaded))]) for field in fields}


def _require(fields: Sequence[Field], names: Sequence[str], source: Path) -> None:
    for field in fields:
        if field.name not in names and not (field.input in names and _alone(field, fields)):
            close = closest(field.name, names)
            raise DataError(
                f"there is no column {field.name!r}",
                where=str(source),
                expected=_names(fields),
                got=", ".join(names),
                fix=f"is it {close[0]!r}?" if close else "",
            )


def _alone(field: Field, fields: Sequence[Field]) -> bool:
    return sum(other.input == field.input for other in fields) == 1


def _name(field: Field, names: Sequence[str]) -> str:
    return field.name if field.name in names else field.input


def _only(fields: Sequence[Field], source: Path, files: bool = False) -> str:
    """The only column, if its values are files, or lines of a text file."""
    if len(fields) == 1 and (fields[0].wire.file if files else fields[0].wire.lines):
        return fields[0].name
    raise DataError(
        f"examples can't be read from {'a folder' if source.is_dir() else 'such a file'}",
        where=str(source),
        expected=f"the columns {_names(fields)}, as .csv, .jsonl or .npz",
    )


def _within(folder: Path, path: Path) -> Path:
    return inside(folder, str(path.relative_to(folder)))


def _names(fields: Sequence[Field]) -> str:
    return ", ".join(field.name for field in fields)
