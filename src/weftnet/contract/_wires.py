"""How a kind's values are written outside, and shown."""

import base64
import json
from pathlib import Path
from typing import Any, get_args

import numpy as np

from weftnet.base.figures import Figure
from weftnet.contract._check import Broken, NotApplicable, expect
from weftnet.contract._kinds import KindCase
from weftnet.data.wires import Wire
from weftnet.errors import DataError

_WIDGETS = {"text", "word", "number", "numbers", "choice", "choices", "file", "date"}
#: types of JSON → types of Python
_JSON: dict[str, tuple[type, ...]] = {
    "string": (str,),
    "number": (int, float),
    "integer": (int,),
    "boolean": (bool,),
    "array": (list,),
    "object": (dict,),
}


def _described(case: KindCase) -> None:
    """Its form on the wire is a Wire, whose schema, form field, axes and facts are JSON."""
    wire = case.kind.wire
    expect(isinstance(wire, Wire), "its wire is none of weftnet.data.wires", got=repr(wire))
    try:
        json.dumps([wire.schema, wire.widget, wire.axes, case.kind.facts], allow_nan=False)
    except (TypeError, ValueError) as error:
        raise Broken("it is not described in JSON", got=str(error), fix="keep lists, numbers and texts only") from None
    expect(
        wire.widget.get("widget") in _WIDGETS, "the field of a form", expected=", ".join(_WIDGETS), got=str(wire.widget)
    )
    if wire.example != "…":
        types = wire.schema.get("type", list(_JSON))
        allowed = tuple(each for name in np.atleast_1d(types).tolist() for each in _JSON.get(name, ()))
        expect(
            not allowed or isinstance(wire.example, allowed), "the example breaks the schema", got=repr(wire.example)
        )


def _written(case: KindCase) -> None:
    """A value written in JSON is read to one that is encoded alike."""
    if isinstance(case.values, str):
        raise NotApplicable("its values are one text")
    written = [(row, value, _json_of(value)) for row, value in enumerate(case.values) if not _missing(value)]
    tried = [each for each in written if _allowed(case.kind.wire, each[2])]
    if not tried:
        raise NotApplicable("in a table its values are written otherwise than in JSON")
    for row, value, said in tried:
        try:
            read = case.kind.wire.read(json.loads(json.dumps(said)))
        except (TypeError, ValueError, OverflowError) as error:
            got = f"{type(error).__name__} {error}".strip()
            raise Broken(f"row {row}: its wire refuses the value {value!r}"[:200], got=got) from None
        one, other = (case.encode(case.kind, _column(each, case.values)) for each in (value, read))
        close = one.shape == other.shape and np.allclose(one, other, atol=1e-6, equal_nan=one.dtype.kind == "f")
        expect(close, f"row {row} is encoded otherwise after JSON", expected=str(one)[:99], got=str(other)[:99])


def _own_example(case: KindCase) -> None:
    """The example of its form gets an answer, or is refused as data."""
    wire = case.kind.wire
    if wire.example == "…" or isinstance(case.values, str):
        raise NotApplicable("its values are files, or one text")
    try:
        encoded = case.encode(case.kind, _column(wire.read(wire.example), case.values))
    except DataError:
        return
    expect(
        bool(np.isfinite(encoded).all()), "the example is encoded to values that are not finite", got=str(encoded)[:99]
    )


def _shown(case: KindCase) -> None:
    """A value is shown as a figure, and many in a few words."""
    if isinstance(case.values, str):
        raise NotApplicable("its values are one text")
    values = [value for value in case.values if not _missing(value)]
    for value in values:
        figure = case.kind.picture(value)
        expect(isinstance(figure, get_args(Figure)), "what shows a value is no figure", got=repr(figure)[:99])
    summary = case.kind.summary(values)
    expect(isinstance(summary, str) and bool(summary), "the summary says nothing", got=repr(summary)[:99])


def _allowed(wire: Wire, value: Any) -> bool:
    """Whether a value of JSON has one of the types that the schema names."""
    named = np.atleast_1d(wire.schema.get("type", list(_JSON))).tolist()
    return isinstance(value, tuple(each for name in named for each in _JSON.get(name, ())))


def _missing(value: Any) -> bool:
    return value is None or (isinstance(value, float | np.floating) and bool(np.isnan(value)))


def _json_of(value: Any) -> Any:
    """A raw value as a client would write it."""
    if isinstance(value, Path):
        value = value.read_bytes()
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    return list(value) if isinstance(value, tuple) else value


def _column(value: Any, values: Any) -> Any:
    """A column of one value, of the sort that the example's values are."""
    if isinstance(values, np.ndarray) and values.dtype != object:
        return np.asarray([value], values.dtype if values.dtype.kind in "fiub" else None)
    further = values.shape[1:] if isinstance(values, np.ndarray) else ()
    alike = isinstance(value, list | np.ndarray) and further[:1] == (len(value),)
    column = np.empty((1, *further) if alike else 1, object)
    column[0] = value
    return column


CHECKS = [_described, _written, _own_example, _shown]
