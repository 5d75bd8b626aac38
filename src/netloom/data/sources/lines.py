"""JSON-lines: an object a line (.jsonl, .ndjson), or a list of objects (.json).

    {"age": 41, "city": "Oslo", "tags": ["new", "large"], "pulse": [[61], [64], [60]]}

A key that a line lacks, and null, are missing values. An object inside an object becomes columns of its own:
{"size": {"width": 3}} is the column `size.width`. Words are words here, also "07"; numbers stand without quotes.
Lines are counted from 1, empty ones are passed over. Lists of words are labels, lists of numbers vectors or series.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from netloom.data.content import Content, short_name
from netloom.data.kinds._kind import BadValue
from netloom.data.read import LIMIT, read_text, suffixes
from netloom.data.sources._values import Seen
from netloom.errors import DataError

ENDINGS = (".jsonl", ".ndjson", ".json")


def read(path: Path, *, encoding: str = "utf-8", limit: int = LIMIT) -> Content:
    """Read a file of JSON objects, packed or not.

    Args:
        path: the file.
        encoding: of the file.
        limit: bytes the unpacked file may have.

    Raises:
        DataError: the file is empty, a line is no JSON object, or the lists of a column don't fit together.
    """
    text = read_text(path, limit, encoding)
    if suffixes(path)[0] == ".json":
        rows = list(_objects(path, text))
    else:
        rows = [row for _, row in objects(text.split("\n"), str(path))]
    if not rows:
        raise DataError("the file is empty", where=str(path), expected="a JSON object a line")
    names = list(dict.fromkeys(name for row in rows for name in row))
    columns = {}
    for name in names:
        values, seen = [row.get(name) for row in rows], Seen()
        try:
            seen.look(values)
        except BadValue as fault:
            where = f"{path}: row {fault.row + 1}, column {name!r}"
            raise DataError(fault.what, where=where, expected=fault.expected, got=fault.got, fix=fault.fix) from None
        columns[name] = seen.array(values)
    return Content(
        short_name(str(path)),
        str(path),
        columns,
        hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest(),
        table=True,
        typed=True,
        first=1,
    )


def objects(lines: Iterable[str], where: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """The rows of JSON-lines, each with the number of its line.

    Raises:
        DataError: a line is no JSON object; names the line.
    """
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line, parse_constant=_constant, object_pairs_hook=_once)
        except (ValueError, RecursionError) as fault:
            raise DataError(
                "this line is not JSON",
                where=f"{where}: line {number}",
                expected='an object such as {"age": 41, "city": "Oslo"}',
                got=f"{line.strip()[:80]!r} ({fault})",
            ) from None
        yield number, flat(row, f"{where}: line {number}")


def flat(row: Any, where: str) -> dict[str, Any]:
    """The row of an object, objects inside it as `outer.inner`."""
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
    try:
        rows = json.loads(text, parse_constant=_constant, object_pairs_hook=_once)
    except (ValueError, RecursionError) as fault:
        raise DataError("the file is not JSON", where=str(path), got=str(fault)) from None
    if not isinstance(rows, list):
        raise DataError(
            "the file holds no list of rows",
            where=str(path),
            expected='[{"age": 41}, {"age": 35}]',
            got=type(rows).__name__,
            fix="one object a line goes into a file that ends in .jsonl",
        )
    for number, row in enumerate(rows, 1):
        yield flat(row, f"{path}: row {number}")


def _constant(word: str) -> float | None:
    """NaN stands for a missing value, as in a table; JSON itself knows no infinity."""
    if word == "NaN":
        return None
    raise ValueError(f"{word} is no number")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys differ: Python's reader would keep the last value and drop the others silently."""
    found = dict(pairs)
    if len(found) < len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the key {next(name for name in names if names.count(name) > 1)!r} stands twice")
    return found
