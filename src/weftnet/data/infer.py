"""The kind of a column, where it is not set; and kinds as people write them.

Every kind says how sure it is that a column is of it (`recognises`), and the surest is taken. Where another is nearly
as sure, a note says so, and names the option that takes the other.

What a person sets takes precedence: `kinds={"zip": "category", "age": {"number": {"bins": 16}}, "id": None}`, where
None leaves a column out.
"""

from collections.abc import Mapping
from typing import Any

from weftnet.data.kinds import KINDS
from weftnet.data.kinds._kind import BadValue, Kind
from weftnet.data.kinds._raw import RawColumn
from weftnet.data.ways import read_as
from weftnet.errors import DataError, SettingError

#: difference of confidence up to which the second kind is named too
_NEAR = 0.1
#: confidence from which another kind's doubts about a value don't matter
_CERTAIN = 0.9
_ONE_NUMBER = "one number per row: x.reshape(-1, 1)"

Spec = str | Mapping[str, Mapping[str, Any]]


def make(spec: Spec, where: str) -> Kind:
    """The kind that `"number"` or `{"number": {"bins": 16}}` specifies.

    Raises:
        UnknownName, SettingError: there is none, or it has no such setting.
    """
    name = spec if isinstance(spec, str) else ""
    settings: dict[str, Any] = {}
    if isinstance(spec, Mapping) and len(spec) == 1:
        name, options = next(iter(spec.items()))
        settings = dict(options or {})
    if not isinstance(name, str) or not name:
        raise SettingError(
            "a kind is a name, or a name with settings",
            where=where,
            expected="{'number': {'bins': 16}}",
            got=repr(spec),
        )
    try:
        kind: Kind = KINDS.get(name)(**settings)
    except (TypeError, ValueError) as fault:
        raise SettingError(f"the settings of kind {name!r} can't be used", where=where, got=str(fault)) from None
    return kind


def recognise(column: RawColumn, where: str) -> tuple[str | None, str]:
    """The kind of a column, and another that is nearly as probable; None for a column without values, "" for no other.

    Args:
        column: its training rows; or all rows of a target.
        where: for messages.

    Raises:
        BadValue: a value keeps a kind from being recognised.
        DataError: no kind recognises the column.
    """
    if column.table and not column.target and not column.sample:
        return None, ""
    confidence, fault = {}, None
    for name in KINDS:
        try:
            confidence[name] = KINDS.get(name).recognises(column)
        except BadValue as stray:  # its row counts from the chunk that is read now, and not once others have looked
            fault, stray.row = stray, stray.row + column.start
    best, *others = sorted(confidence, key=lambda name: (-confidence[name], name))
    if fault is not None and confidence[best] < _CERTAIN:
        raise fault
    if not confidence[best]:
        raise DataError(
            "no kind of column recognises these values",
            where=where,
            got=f"{column.first.dtype} with shape {column.first.shape}",
            fix=_ONE_NUMBER if column.first.ndim == 1 else f"name the kind: one of {', '.join(KINDS)}",
        )
    near = confidence[others[0]] > max(0.0, confidence[best] - _NEAR)
    return best, others[0] if near else ""


def either(name: str, taken: str, other: str) -> list[str]:
    """The note on a column that could be of either kind; none where there is no other."""
    return [f"{name}: read as {taken}; to read it as {other}: {read_as(name, other)}"] * bool(other)
