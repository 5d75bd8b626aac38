"""Which kind a column is, if nobody says; and kinds as people write them.

Array, 2 axes: vector. 3 axes: image if uint8 or square, otherwise series. 4 axes: image.
Table column:  number if every value is one; text if most values differ and they have three words or more on average;
               otherwise category; labels if the values are lists of words. A column without any value is left out.
Target:        number if it has fractions or more than 20 different values, category if whole numbers or words.
               Of arrays: integers and words are categories, floats numbers, several numbers a row a vector.

A person's word goes first: `kinds={"zip": "category", "age": {"number": {"bins": 16}}, "id": None}` (None leaves out).
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from netloom.data import KINDS
from netloom.data.kinds._kind import BadValue, Kind
from netloom.data.kinds.number import floats
from netloom.errors import DataError, SettingError

_WORDS = 3.0
_FEW = 20
_SAMPLE = 10_000

Spec = str | Mapping[str, Mapping[str, Any]]


def make(spec: Spec, where: str) -> Kind:
    """The kind that `"number"` or `{"number": {"bins": 16}}` asks for.

    Raises:
        UnknownName, SettingError: there is none, or it has no such setting.
    """
    name = spec if isinstance(spec, str) else ""
    settings: dict[str, Any] = {}
    if isinstance(spec, Mapping) and len(spec) == 1:
        name, given = next(iter(spec.items()))
        settings = dict(given or {})
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


def of_array(values: NDArray[Any], where: str) -> str:
    """The kind of an input array."""
    if values.ndim == 2:
        return "vector"
    if values.ndim == 4 or (values.ndim == 3 and (values.dtype == np.uint8 or values.shape[1] == values.shape[2])):
        return "image"
    if values.ndim == 3:
        return "series"
    raise DataError(
        "an input array has 2 to 4 axes: vectors, series, grey images or images",
        where=where,
        got=f"shape {values.shape}",
        fix="one number a row: x.reshape(-1, 1)",
    )


def of_column(values: NDArray[Any]) -> str | None:
    """The kind of a table's column; None if it has no value."""
    if values.dtype.kind in "fiub":
        return "number" if not np.isnan(values.astype(np.float64)).all() else None
    real = [value for value in values.tolist() if value is not None]
    if not real:
        return None
    if _sets(real):
        return "labels"
    if _numbers(real) is not None:
        return "number"
    texts = [str(value) for value in real[:_SAMPLE]]
    words = sum(len(text.split()) for text in texts) / len(texts)
    return "text" if words >= _WORDS and len(set(texts)) > len(texts) / 2 else "category"


def of_target(values: NDArray[Any], where: str) -> Spec:
    """The kind of a target."""
    category = {"category": {"most": 0, "least": 1}}
    if values.ndim > 1:
        return of_array(values, where)
    if values.dtype.kind == "f":
        return "number"
    if values.dtype.kind != "O":
        return category
    real = [value for value in values.tolist() if value is not None]
    if _sets(real):
        return "labels"
    numbers = _numbers(real)
    if numbers is None or not len(numbers):
        return category
    many = len(np.unique(numbers)) > _FEW
    return "number" if many or (numbers != np.round(numbers)).any() else category


def _sets(values: list[Any]) -> bool:
    """Whether rows are lists of words: several labels at once."""
    return all(isinstance(value, list | tuple) and all(isinstance(each, str) for each in value) for value in values)


def _numbers(values: list[Any]) -> NDArray[np.float64] | None:
    try:
        return floats(np.array(values, dtype=object))
    except BadValue as fault:
        if "infinite" in fault.what:
            raise
        return None
