"""Rows of JSON as raw columns, for the server, the exported runner and files of JSON lines: see `wires`."""

from collections.abc import Mapping, Sequence
from typing import Any

from weftnet.data.fields import Field
from weftnet.errors import DataError, closest


def from_json(fields: Sequence[Field], rows: Any) -> dict[str, list[Any]]:
    """Raw columns from rows, for `Preprocessing.encode`.

    Args:
        fields: the input schema of the run.
        rows: a list of mappings from column to value; the only column of an input may be called by the input's name.

    Raises:
        DataError: a row is no mapping, a column is unknown or missing, or a value has the wrong form.
    """
    if not isinstance(rows, Sequence) or isinstance(rows, str) or not rows:
        raise DataError("the rows are not a list", where="rows", expected='[{"column": value, …}, …]', got=_brief(rows))
    counts: dict[str, int] = {}
    for field in fields:
        counts[field.input] = counts.get(field.input, 0) + 1
    names = {field.input: field.name for field in fields if counts[field.input] == 1} | {f.name: f.name for f in fields}
    columns: dict[str, list[Any]] = {field.name: [] for field in fields}
    for number, row in enumerate(rows):
        if not isinstance(row, Mapping):
            raise DataError(
                "a row is not a mapping", where=f"row {number}", expected="{column: value}", got=_brief(row)
            )
        cells = {}
        for name, value in row.items():
            if name not in names:
                raise _unknown(str(name), number, fields)
            cells[names[name]] = value
        for field in fields:
            columns[field.name].append(_value(field, cells.get(field.name), number))
    return columns


def _value(field: Field, value: Any, row: int) -> Any:
    where = f"row {row}, column {field.name!r}"
    if value is None:
        if not field.optional:
            raise DataError("the value is missing", where=where, expected=field.wire.expected)
        return None
    try:
        return field.wire.read(value)
    except (TypeError, ValueError, OverflowError):  # an error of base64 is a ValueError
        raise _wrong(field, where, value) from None


def from_word(field: Field, word: str, where: str) -> Any:
    """A raw value from a word of the command line.

    Raises:
        DataError: it has the wrong form.
    """
    try:
        return field.wire.of_word(word)
    except (TypeError, ValueError, OverflowError):
        raise _wrong(field, where, word) from None


def _wrong(field: Field, where: str, value: Any) -> DataError:
    return DataError("the value has the wrong form", where=where, expected=field.wire.expected, got=_brief(value))


def _unknown(name: str, row: int, fields: Sequence[Field]) -> DataError:
    known = [field.name for field in fields]
    close = closest(name, known)
    return DataError(
        f"no column is called {name[:80]!r}",
        where=f"row {row}",
        expected=", ".join(known),
        fix=f"did you mean {close[0]!r}?" if close else "",
    )


def _brief(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
