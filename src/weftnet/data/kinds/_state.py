"""The state of a kind: the dataclass serialised, plain JSON, and restored exactly."""

import re
from collections.abc import Mapping
from dataclasses import MISSING, Field, fields
from types import MappingProxyType
from typing import Any, TypeVar

from weftnet.base.typed import misfits
from weftnet.data.kinds._consistency import contradiction
from weftnet.errors import DataError

#: metadata of a fitted field that the states of earlier versions lack
LATER: Mapping[str, str] = MappingProxyType({"since": "a later version"})

K = TypeVar("K")


def name_of(cls: type) -> str:
    """The name of a kind's class in the registry: `PointSet` → `point_set`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", cls.__name__).lower()


def state_of(kind: Any) -> dict[str, Any]:
    """The fields of a kind, and its name."""
    return {"kind": name_of(type(kind)), **{field.name: getattr(kind, field.name) for field in fields(kind)}}


def from_state(cls: type[K], state: Mapping[str, Any]) -> K:
    """The kind from the state that `state_of` made; settings newer than the state keep their defaults.

    Raises:
        DataError: the state is of another kind, fields are unknown or missing without a default, a value is of the
            wrong type, or the fields contradict each other.
    """
    state = {**getattr(cls, "earlier", {}), **state}
    known = {field.name: field for field in fields(cls)}  # type: ignore[arg-type]
    needed = {name for name, field in known.items() if not (field.init and _has_default(field)) and not field.metadata}
    present = set(state) - {"kind"}
    if state.get("kind") != name_of(cls) or not needed <= present <= set(known):
        raise DataError(
            f"this is not the state of a column of kind {name_of(cls)}",
            expected=", ".join(["kind", *known]),
            got=", ".join(map(str, state)),
        )
    values = {name: value for name, value in state.items() if name != "kind"}
    where = f"a column of kind {state['kind']}"
    if wrong := misfits(values, cls, initial=False, whole=False):
        raise DataError("the state can't be used", where=where, got=wrong)
    try:
        kind = cls(**{name: values[name] for name, field in known.items() if field.init and name in values})
    except (ValueError, TypeError) as fault:
        raise DataError("the state can't be used", where=where, got=str(fault)) from None
    for name, field in known.items():
        if not field.init and name in values:
            setattr(kind, name, values[name])
    if wrong := contradiction(kind):
        raise DataError("the state can't be used", where=where, got=wrong)
    return kind


def _has_default(field: "Field[Any]") -> bool:
    return field.default is not MISSING or field.default_factory is not MISSING
