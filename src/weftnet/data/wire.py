"""Rows of JSON ⇄ raw columns: one form for the server, the exported runner and files of JSON lines.

    number   3.5, or nothing                         label    "red", 7, true, or nothing
    text     "a sentence", or nothing                labels   ["red", "green"]
    numbers  [1, 2] or [[1, 2], [3, 4]]
    media    a file in base64 (a `data:` URL too), or its values as nested lists

Input is checked for its form alone; whether a value can be used is for its kind to decide. A string never becomes a
path: a client must not be able to open a file here.
"""

import base64
import binascii
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

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
            raise DataError("the value is missing", where=where, expected=_FORMS[field.wire][1])
        return None
    read, expected = _FORMS[field.wire]
    try:
        return read(value)
    except (TypeError, ValueError, OverflowError, binascii.Error):
        raise DataError("the value has the wrong form", where=where, expected=expected, got=_brief(value)) from None


def _number(value: Any) -> float | str:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise TypeError
    return value if isinstance(value, str) else float(value)  # words are parsed, or refused, as in a table


def _label(value: Any) -> str | int:
    if isinstance(value, bool):
        return str(value)
    if not isinstance(value, str | int | float):
        raise TypeError
    return value if isinstance(value, str | int) else int(value) if value.is_integer() else str(value)


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _numbers(value: Any) -> Any:
    if not isinstance(value, list):
        raise TypeError
    array = np.asarray(value)
    if array.dtype.kind not in "fiu":
        raise TypeError
    return array


def _labels(value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise TypeError
    return value


def _media(value: Any) -> Any:
    if isinstance(value, list):
        return _numbers(value)
    if not isinstance(value, str):
        raise TypeError
    head, comma, rest = value.partition(",")
    return base64.b64decode(rest if comma and head.startswith("data:") else value, validate=True)


_FORMS: Mapping[str, tuple[Callable[[Any], Any], str]] = {
    "number": (_number, "a number"),
    "label": (_label, "a word or a whole number"),
    "text": (_text, "a text"),
    "numbers": (_numbers, "a list of numbers, or of lists of numbers, all of one length"),
    "labels": (_labels, "a list of words"),
    "media": (_media, "a file in base64, or its values as nested lists"),
}


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
