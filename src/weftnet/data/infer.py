"""The kind of a column, where it is not set; and kinds as people write them.

Array, 2 axes: vector. 3 axes: image if uint8 or square, otherwise series. 4 axes: image.
Table column:  number if every value is one; text if most values differ and they have three words or more on average;
               labels if the values are lists of words; image or audio if they are such files, by suffix or first bytes;
               otherwise category. A column without any value is left out.
Target:        number if it has fractions or more than 20 different values, category if whole numbers or words.
               In arrays: integers and words are categories, floats numbers, several numbers per row a vector.

What a person sets takes precedence: `kinds={"zip": "category", "age": {"number": {"bins": 16}}, "id": None}`, where
None leaves a column out.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.data.kinds import KINDS
from weftnet.data.kinds._kind import BadValue, Kind
from weftnet.data.kinds.number import MISSING, floats
from weftnet.data.media import media_of_column
from weftnet.errors import DataError, SettingError

_WORDS = 3.0
_FEW = 20
_SAMPLE = 10_000
_STRAYS = 0.05  # share of words up to which a column counts as numbers with mistakes

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
        fix="one number per row: x.reshape(-1, 1)",
    )


def of_column(values: NDArray[Any], typed: bool = False) -> str | None:
    """The kind of a table's column; None if it has no values.

    Args:
        values: of the training rows.
        typed: whether the source distinguishes numbers from words, so that "07" is a word.

    Raises:
        BadValue: nearly all values are numbers and a few are not, so that either kind would be wrong.
    """
    if values.ndim > 1:
        return {2: "vector", 3: "image" if values.dtype == np.uint8 else "series"}.get(values.ndim, "image")
    if values.dtype.kind in "fiub":
        return "number" if not np.isnan(values.astype(np.float64)).all() else None
    present = [value for value in values.tolist() if value is not None]
    if not present:
        return None
    if _are_lists_of_words(present):
        return "labels"
    if media := media_of_column(present):
        return media
    if not (typed and any(isinstance(value, str) for value in present)) and _numbers(present) is not None:
        return "number"
    _check_strays(values, typed)
    return of_words([str(value) for value in present[:_SAMPLE]])


def of_chunks(chunks: Iterable[NDArray[Any]], typed: bool = False) -> str | None:
    """The kind of a column that comes in chunks: what `of_column` returns for the whole."""
    kinds: set[str | None] = set()
    first: list[Any] = []
    for values in chunks:
        kinds.add(of_column(values, typed))
        if values.dtype.kind == "O" and len(first) < _SAMPLE:
            first += [value for value in values[:_SAMPLE].tolist() if value is not None]
    kinds.discard(None)
    if len(kinds) > 1 or kinds & {"category", "text"}:
        return of_words([str(value) for value in first[:_SAMPLE]])
    return next(iter(kinds), None)


def of_words(texts: list[str]) -> str:
    """Whether values are texts or categories, by a sample of them."""
    words = sum(len(text.split()) for text in texts) / len(texts)
    return "text" if words >= _WORDS and len(set(texts)) > len(texts) / 2 else "category"


def _check_strays(values: NDArray[Any], typed: bool) -> None:
    """Refuse a column of numbers with a few words in it: read as categories the numbers would be lost."""
    numbers, strays, first = set(), 0, -1
    for row, value in enumerate(values.tolist()):
        if value is None or (isinstance(value, str) and value.strip().lower() in MISSING):
            continue
        if (typed and isinstance(value, str)) or _numbers([value]) is None:
            strays, first = strays + 1, row if first < 0 else first
            if strays > _STRAYS * len(values):
                return
        else:
            numbers.add(value)
    if len(numbers) > _FEW:
        raise BadValue(
            first,
            f"nearly every value is a number, but {strays} {'is' if strays == 1 else 'are'} not",
            expected="a number such as 3.5, or nothing",
            got=repr(values[first]),
            fix="correct the value; or set the kind: --kind COLUMN=category (none: 'COLUMN='), kinds={COLUMN: …}",
        )


def of_target(values: NDArray[Any], where: str, typed: bool = False) -> Spec:
    """The kind of a target; `typed` as in `of_column`."""
    category = {"category": {"most": 0, "least": 1}}
    if values.ndim > 1:
        return of_array(values, where)
    if values.dtype.kind == "f":
        return "number"
    if values.dtype.kind != "O":
        return category
    present = [value for value in values.tolist() if value is not None]
    if _are_lists_of_words(present):
        return "labels"
    numbers = None if typed and any(isinstance(value, str) for value in present) else _numbers(present)
    if numbers is None or not len(numbers):
        return category
    many = len(np.unique(numbers)) > _FEW
    return "number" if many or (numbers != np.round(numbers)).any() else category


def _are_lists_of_words(values: list[Any]) -> bool:
    """Whether every row is a list of words: several labels at once."""
    return all(isinstance(value, list | tuple) and all(isinstance(each, str) for each in value) for value in values)


def _numbers(values: list[Any]) -> NDArray[np.float64] | None:
    try:
        return floats(np.array(values, dtype=object))
    except BadValue as fault:
        if "infinite" in fault.what:
            raise
        return None
