"""Plain JSON against annotations: whether a value is of the annotated type, and JSON objects as dataclasses.

What a file claims is checked before anything is made of it: a list where a name should stand, a number that is not
finite, `true` for a number. Nothing is converted, but a list may stand for a tuple and a whole number for a fraction.

`read` is the one validator of the files of runs and exports:

    @dataclass(frozen=True)
    class Engine:
        name: Literal["onnx"]
        file: str

    read(Engine, {"name": "onnx", "file": 3}, "run.json")
    DamagedCheckpoint: run.json: the field 'file' is wrong
      expected: text
      got: 3

Fields that the dataclass doesn't name belong to a later version and are passed over, unless the class sets
`closed: ClassVar[bool] = True`. An exported runner carries this module, so it needs the standard library alone.
"""

import math
import typing
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, fields, is_dataclass
from functools import cache
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, TypeAlias, TypeVar, Union, get_args, get_origin, get_type_hints

from weftnet.errors import DamagedCheckpoint, WeftnetError

#: A measured number, which may be NaN or infinite: a training that diverged has such losses.
Measured: TypeAlias = Annotated[float, "may be NaN or infinite"]

#: whole numbers in files are sizes, seeds and counts
_WHOLE = 2**63
#: characters of a key that a message repeats
_LONG = 60

T = TypeVar("T")


def read(cls: type[T], document: Any, where: str) -> T:
    """A dataclass from a JSON object; dataclasses in it, alone, in lists or in mappings, are read alike.

    Args:
        cls: the dataclass; its annotations say what is expected.
        document: plain JSON.
        where: the file, for messages.

    Raises:
        DamagedCheckpoint: a field is missing or of another type, or the dataclass refuses its values.
    """
    record: T = _record(document, cls, where, ())
    return record


def misfit(value: Any, wanted: Any) -> str:
    """The expected type, in words, where a value isn't what the annotation says; empty if it is.

    Annotations of other sorts (a class, a callable) are nothing that JSON could hold, and are not checked here.
    """
    origin = get_origin(wanted)
    if wanted is Any or (isinstance(wanted, type) and wanted not in _PLAIN and origin is None):
        return ""
    if origin is Annotated:
        unbounded = wanted == Measured and isinstance(value, float)
        return "" if unbounded else misfit(value, get_args(wanted)[0])
    if origin in (Union, UnionType):
        faults = [misfit(value, option) for option in get_args(wanted)]
        return " or ".join(faults) if all(faults) else ""
    if origin is Literal:
        options = get_args(wanted)
        known = any(value == each and type(value) is type(each) for each in options)
        return "" if known else " or ".join(map(repr, options))
    if origin in _MAPPINGS:
        return _mapping(value, *get_args(wanted))
    if origin in _SEQUENCES:
        return _sequence(value, origin, get_args(wanted))
    if wanted in _PLAIN:
        return "" if _PLAIN[wanted](value) else _NAMES[wanted]
    return ""


def misfits(values: Mapping[str, Any], cls: type, *, initial: bool = True, whole: bool = True) -> str:
    """The first fault of the arguments of a dataclass, in a sentence; empty if there is none.

    Args:
        values: by name.
        cls: the dataclass.
        initial: only fields that the constructor takes; otherwise all.
        whole: a field without a default must be there.
    """
    hints = get_type_hints(cls)
    known = {field.name: field for field in fields(cls) if field.init or not initial}
    for name in values:
        if name not in known:
            return f"no field is called {name!r}"
    for name, field in known.items():
        if name not in values:
            if whole and _is_required(field):
                return f"the field {name!r} is missing"
        elif wrong := misfit(values[name], hints[name]):
            return f"{name}: expected {wrong}, got {brief(values[name])}"
    return ""


def brief(value: Any) -> str:
    """A value for a message, however large it is."""
    if isinstance(value, str | bytes):
        return repr(value[:60])
    if isinstance(value, list | tuple | dict):
        return f"a {type(value).__name__} of {len(value)}"
    return repr(value)[:60] if not isinstance(value, int) or abs(value) < _WHOLE else "a huge number"


def _record(value: Any, cls: Any, where: str, path: tuple[str, ...]) -> Any:
    if not isinstance(value, Mapping):
        raise _wrong(where, path, "a mapping", brief(value))
    hints = _hints(cls)
    known = {field.name: field for field in fields(cls) if field.init}
    if getattr(cls, "closed", False) and (unknown := [str(name) for name in value if name not in known]):
        raise _wrong(where, path, ", ".join(known), f"no field is called {unknown[0][:_LONG]!r}")
    arguments = {}
    for name, field in known.items():
        if name in value:
            arguments[name] = _value(value[name], hints[name], where, (*path, name))
        elif _is_required(field):
            raise _wrong(where, (*path, name), misfit(MISSING, hints[name]) or "a mapping", "nothing")
    try:
        return cls(**arguments)
    except (WeftnetError, ValueError) as error:  # the dataclass's own checks
        raise _wrong(where, path, "", getattr(error, "what", str(error))) from error


def _value(value: Any, wanted: Any, where: str, path: tuple[str, ...]) -> Any:
    """A value of a field; what holds other values is read item by item, so that a fault has its exact place."""
    origin, options = get_origin(wanted), get_args(wanted)
    if is_dataclass(wanted):
        return _record(value, wanted, where, path)
    if origin in (Union, UnionType):
        inner = [option for option in options if option is not NoneType]
        if value is not None and len(inner) == 1 and (is_dataclass(inner[0]) or get_origin(inner[0]) is not None):
            return _value(value, inner[0], where, path)
    if origin in _MAPPINGS and isinstance(value, Mapping):
        for key in value:
            if wrong := misfit(key, options[0]):
                raise _wrong(where, path, f"a mapping from {wrong}", brief(key))
        return {key: _value(item, options[1], where, (*path, str(key))) for key, item in value.items()}
    if origin is tuple and options[-1] is Ellipsis and isinstance(value, list | tuple):
        return tuple(_value(item, options[0], where, (*path, str(place))) for place, item in enumerate(value, 1))
    if wrong := misfit(value, wanted):
        raise _wrong(where, path, wrong, brief(value))
    return value


def _wrong(where: str, path: tuple[str, ...], expected: str, got: str) -> DamagedCheckpoint:
    what = f"the field {': '.join(each[:_LONG] for each in path)!r} is wrong" if path else "is not what was written"
    return DamagedCheckpoint(what, where=where, expected=expected, got=got)


@cache
def _hints(cls: type) -> dict[str, Any]:
    return get_type_hints(cls, include_extras=True)


def _is_required(field: "Field[Any]") -> bool:
    return field.default is MISSING and field.default_factory is MISSING


def _mapping(value: Any, key: Any = Any, item: Any = Any) -> str:
    if not isinstance(value, Mapping):
        return "a mapping"
    fault = next((wrong for each in value if (wrong := misfit(each, key))), "")
    fault = fault or next((wrong for each in value.values() if (wrong := misfit(each, item))), "")
    return fault and f"a mapping to {fault}"


def _sequence(value: Any, origin: Any, wanted: tuple[Any, ...]) -> str:
    if not isinstance(value, list | tuple):
        return "a list"
    if origin is tuple and wanted and wanted[-1] is not Ellipsis:
        if len(value) != len(wanted):
            return f"a list of {len(wanted)}"
        pairs = zip(value, wanted, strict=True)
        return next((f"a list with {wrong}" for each, one in pairs if (wrong := misfit(each, one))), "")
    item = wanted[0] if wanted else Any
    return next((f"a list of {wrong}" for each in value if (wrong := misfit(each, item))), "")


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and abs(value) < _WHOLE


def _is_number(value: Any) -> bool:
    return _is_whole(value) or (isinstance(value, float) and math.isfinite(value))


_PLAIN: dict[Any, Any] = {
    bool: lambda value: isinstance(value, bool),
    int: _is_whole,
    float: _is_number,
    str: lambda value: isinstance(value, str),
    NoneType: lambda value: value is None,
    None: lambda value: value is None,
    list: lambda value: isinstance(value, list),
    tuple: lambda value: isinstance(value, list | tuple),
    dict: lambda value: isinstance(value, Mapping),
    Mapping: lambda value: isinstance(value, Mapping),
    Sequence: lambda value: isinstance(value, list | tuple),
}
_NAMES: dict[Any, str] = {
    bool: "true or false", int: "a whole number", float: "a finite number", str: "text", NoneType: "nothing",
    None: "nothing", list: "a list", tuple: "a list", dict: "a mapping", Mapping: "a mapping", Sequence: "a list",
}  # fmt: skip
_MAPPINGS = (dict, Mapping, typing.Mapping)
_SEQUENCES = (list, tuple, Sequence, typing.Sequence)
