"""JSON lines: one object per line (.jsonl, .ndjson), or a list of objects (.json).

    {"age": 41, "city": "Oslo", "tags": ["new", "large"], "pulse": [[61], [64], [60]]}

A key that a line lacks, and null, are missing values. A nested object becomes columns of its own:
{"size": {"width": 3}} is the column `size.width`. Strings are words here, also "07"; numbers have no quotes.
Lines are counted from 1, empty ones are skipped. Lists of words are labels, lists of numbers vectors or series.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Any

from weftnet.base.foreign import reading
from weftnet.base.limits import exceeded
from weftnet.base.limits import limit as limit_of
from weftnet.data.columns import Columns
from weftnet.data.content import Content, short_name
from weftnet.data.kinds._kind import BadValue
from weftnet.data.read import LIMIT, UnpackedText, read_text, suffixes
from weftnet.data.sources._place import Place
from weftnet.data.sources._spool import Spool, block_bytes
from weftnet.data.sources._values import Profile
from weftnet.errors import DataError

ENDINGS = (".jsonl", ".ndjson", ".json")
#: its columns may name files beside it
NAMES_FILES = True
#: bytes in memory for each byte of the file
WEIGHT = 12
_BATCH = 256  # rows
_CELLS = 2**21  # that a table may have, however empty


def opens(place: Place) -> float:
    """Files by their ending."""
    return place.ends_in(ENDINGS)


def read(path: Path, *, encoding: str = "utf-8", limit: int = LIMIT) -> Content:
    """Read a file of JSON objects, compressed or not.

    Args:
        path: the file.
        encoding: of the file.
        limit: bytes the uncompressed file may have.

    Raises:
        DataError: the file is empty, a line is no JSON object, or the lists of a column don't fit together.
    """
    text = read_text(path, limit, encoding)
    if suffixes(path)[0] == ".json":
        rows = list(_objects(path, text))
    else:
        rows = [row for _, row in objects(text.split("\n"), str(path))]
    if not rows:
        raise DataError("the file is empty", where=str(path), expected="a JSON object per line")
    names = list(dict.fromkeys(name for row in rows for name in row))
    _refuse_sparse(path, len(names), len(rows), sum(map(len, rows)))
    columns = {}
    for name in names:
        values, profile = [row.get(name) for row in rows], Profile()
        with _located(path, name):
            profile.inspect(values)
        columns[name] = profile.array(values)
    return Content(
        short_name(str(path)),
        str(path),
        columns,
        hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(),
        table=True,
        typed=True,
        first=1,
    )


def stream(path: Path, folder: Path, *, memory: int, encoding: str = "utf-8", limit: int = LIMIT) -> Content:
    """As `read`, with the columns in a file in `folder`; a list of objects is still read whole.

    The file is read twice: first to inspect the columns, then to write them.
    """
    if suffixes(path)[0] == ".json":
        return read(path, encoding=encoding, limit=limit)
    profiles, count = _inspected(path, encoding, limit)
    if not count:
        raise DataError("the file is empty", where=str(path), expected="a JSON object per line")
    spool, rows, size = Spool(folder / "lines.arrow", list(profiles)), [], 0
    with UnpackedText(path, limit, encoding) as text:
        for _, row in objects(text.lines(), str(path)):
            rows.append([json.dumps(row.get(name)) for name in profiles])
            size += sum(map(len, rows[-1]))
            if size > block_bytes(memory):
                spool.add(list(map(list, zip(*rows, strict=True))))
                rows, size = [], 0
    if rows:
        spool.add(list(map(list, zip(*rows, strict=True))))
    columns = spool.columns(lambda name, array: profiles[name].array([json.loads(word) for word in array.to_pylist()]))
    digest = text.digest.hexdigest()
    return Content(short_name(str(path)), str(path), Columns(columns), digest, table=True, typed=True, first=1)


def _inspected(path: Path, encoding: str, limit: int) -> tuple[dict[str, Profile], int]:
    """The profile of each column, and the number of rows."""
    profiles: dict[str, Profile] = {}
    count = held = 0
    with UnpackedText(path, limit, encoding) as text:
        for rows in _batched(objects(text.lines(), str(path))):
            for name in dict.fromkeys(name for row in rows for name in row):
                profiles.setdefault(name, Profile({type(None)} if count else set(), rows=count))
            held += sum(map(len, rows))
            _refuse_sparse(path, len(profiles), count + len(rows), held)
            for name, profile in profiles.items():
                with _located(path, name):
                    profile.inspect([row.get(name) for row in rows])
            count += len(rows)
    return profiles, count


def _refuse_sparse(path: Path, columns: int, rows: int, values: int) -> None:
    """Refuse rows that name ever new columns: a table of them would be empty cells, one for each column and row."""
    if columns > limit_of("columns"):
        raise exceeded("columns", "has too many columns", where=str(path), got=str(columns), error=DataError)
    most = max(_CELLS, limit_of("sparsity") * values)
    if columns * rows > most:
        got = f"{columns} columns × {rows} rows for {values} values"
        what = "its rows name too many columns that other rows lack"
        raise exceeded("sparsity", what, where=str(path), got=got, at_most=most, error=DataError)


def _batched(rows: Iterator[tuple[int, dict[str, Any]]]) -> Iterator[list[dict[str, Any]]]:
    while batch := [row for _, row in islice(rows, _BATCH)]:
        yield batch


@contextmanager
def _located(path: Path, name: str) -> Iterator[None]:
    """Errors of a column's values, with their row."""
    try:
        yield
    except BadValue as fault:
        raise fault.of_column(name, f"{path}: row {fault.row + 1}, column {name!r}") from None


def objects(lines: Iterable[str], where: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows of JSON lines, each with the number of its line.

    Raises:
        DataError: a line is no JSON object; names the line.
    """
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            with reading(f"{where}: line {number}", "this line is not JSON"):
                row = json.loads(line, parse_constant=_constant, object_pairs_hook=_once)
        except DataError as fault:
            fault.expected = 'an object such as {"age": 41, "city": "Oslo"}'
            fault.got = f"{line.strip()[:80]!r} ({fault.got})"
            raise
        yield number, flat(row, f"{where}: line {number}")


def flat(row: Any, where: str) -> dict[str, Any]:
    """The row of an object, nested objects as `outer.inner`."""
    if not isinstance(row, dict) or not row:
        raise DataError(
            "a row is not an object",
            where=where,
            expected='an object such as {"age": 41, "city": "Oslo"}',
            got=repr(row)[:80],
        )
    columns: dict[str, Any] = {}
    for name, value in row.items():
        inner = {f"{name}.{key}": v for key, v in flat(value, where).items()} if isinstance(value, dict) else None
        for key, entry in ({name: value} if inner is None else inner).items():
            if key in columns:
                raise DataError(f"two values are called {key!r}", where=where, fix="rename one of them")
            columns[key] = entry
    return columns


def _objects(path: Path, text: str) -> Iterator[dict[str, Any]]:
    if not text.strip():
        return
    with reading(path, "the file is not JSON"):
        rows = json.loads(text, parse_constant=_constant, object_pairs_hook=_once)
    if not isinstance(rows, list):
        raise DataError(
            "the file holds no list of rows",
            where=str(path),
            expected='[{"age": 41}, {"age": 35}]',
            got=type(rows).__name__,
            fix="a file of one object per line must end in .jsonl",
        )
    for number, row in enumerate(rows, 1):
        yield flat(row, f"{path}: row {number}")


def _constant(word: str) -> float | None:
    """NaN is a missing value, as in a table; JSON has no infinity."""
    if word == "NaN":
        return None
    raise ValueError(f"{word} is no number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object with unique keys: Python's reader would keep the last value and drop the others silently."""
    unique = dict(pairs)
    if len(unique) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the key {Counter(names).most_common(1)[0][0]!r} occurs twice")
    return unique


def example(folder: Path) -> Path:
    """Lines with a number, a word, and a value that is missing."""
    rows = [{"age": n, "city": ("Oslo", "Rome", None)[n % 3], "size": {"width": n / 2}} for n in range(24)]
    (folder / "example.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
    return folder / "example.jsonl"
