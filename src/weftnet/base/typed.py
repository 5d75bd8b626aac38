"""Whether a value, as JSON gives it, is what an annotation says.

What a file claims is checked before anything is made of it: a list where a name should stand, a number that is not
finite, `true` for a number. Nothing is converted. A list may stand for a tuple, a whole number for a fraction.
"""

import math
import typing
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, fields
from types import NoneType, UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

#: whole numbers in files are sizes, seeds and counts
_WHOLE = 2**63


def misfit(value: Any, wanted: Any) -> str:
    """What was expected where a value isn't what the annotation says; empty if it is.

    An annotation of another sort (a class, a callable) is nothing JSON could hold, and not checked here.
    """
    origin = get_origin(wanted)
    if wanted is Any or (isinstance(wanted, type) and wanted not in _PLAIN and origin is None):
        return ""
    if origin in (Union, UnionType):
        found = [misfit(value, option) for option in get_args(wanted)]
        return " or ".join(found) if all(found) else ""
    if origin is Literal:
        known = get_args(wanted)
        return (
            "" if any(value == each and type(value) is type(each) for each in known) else " or ".join(map(repr, known))
        )
    if origin in _MAPPINGS:
        return _mapping(value, *get_args(wanted))
    if origin in _SEQUENCES:
        return _sequence(value, origin, get_args(wanted))
    if wanted in _PLAIN:
        return "" if _PLAIN[wanted](value) else _NAMES[wanted]
    return ""


def misfits(given: Mapping[str, Any], cls: type, *, initial: bool = True, whole: bool = True) -> str:
    """The first fault of the arguments of a dataclass, in a sentence; empty if there is none.

    Args:
        given: by name.
        cls: the dataclass.
        initial: only fields that the constructor takes; otherwise all.
        whole: a field without a default must be there.
    """
    hints = get_type_hints(cls)
    known = {field.name: field for field in fields(cls) if field.init or not initial}
    for name in given:
        if name not in known:
            return f"no field is called {name!r}"
    for name, field in known.items():
        if name not in given:
            if whole and field.default is MISSING and field.default_factory is MISSING:
                return f"the field {name!r} is missing"
        elif wrong := misfit(given[name], hints[name]):
            return f"{name}: expected {wrong}, got {brief(given[name])}"
    return ""


def brief(value: Any) -> str:
    """A value for a message, however large it is."""
    if isinstance(value, str | bytes):
        return repr(value[:60])
    if isinstance(value, list | tuple | dict):
        return f"a {type(value).__name__} of {len(value)}"
    return repr(value)[:60] if not isinstance(value, int) or abs(value) < _WHOLE else "a huge number"


def _mapping(value: Any, key: Any = Any, item: Any = Any) -> str:
    if not isinstance(value, Mapping):
        return "a mapping"
    found = next((wrong for each in value if (wrong := misfit(each, key))), "")
    found = found or next((wrong for each in value.values() if (wrong := misfit(each, item))), "")
    return found and f"a mapping to {found}"


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
