"""Official parts: the files that somebody names as the validation and the test part of a set.

    open_data("train.csv", test="test.csv")
    open_data("train.csv", validation="valid.csv", test="test.csv")

Each is read by its own source, with the same options; together they are one content, whose own splits they are. The
parts must have the columns of the training part, of the same form; what one has beside them is left out, with a note.
The fingerprint is that of all. Where no validation part is named, it is taken from the training part, as `splits` says:
by group or time, in other shares; the test part never changes.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.data.content import Content
from weftnet.data.order import Rows
from weftnet.data.splits import VALIDATION
from weftnet.errors import DataError, SettingError

#: what the values of an array are, by its type's kind
_FORMS = {"b": "truth values", "i": "numbers", "u": "numbers", "f": "numbers", "M": "dates"}
_WORDS = "words, or other values that are no numbers"
_MISSING = {"f": np.nan, "M": np.datetime64("NaT")}


def together(first: Content, parts: Mapping[str, Content], target: str | None) -> Content:
    """One content of several, whose own splits they are.

    Args:
        first: the training part; where it has splits of its own, the parts come beside them.
        parts: split → the content that is that split as a whole.
        target: the column to predict, if it was named.

    Raises:
        DataError: a part lacks a column, or has another form of values in one; or it is a split that the first has.
    """
    splits: dict[str, Rows] = dict(first.splits) or {"train": np.arange(first.count)}
    columns: dict[str, list[NDArray[Any]]] = {name: [first.columns[name]] for name in first.columns}
    digest, notes, count = hashlib.sha256(f"train:{first.fingerprint};".encode()), list(first.notes), first.count
    for split, part in parts.items():
        if split in splits:
            got = ", ".join(f"{name}: {len(rows)} rows" for name, rows in first.splits.items())
            raise DataError(f"the source has a {split} part of its own", where=first.source, got=got,
                            fix=f"leave --{split} out, or name the training file alone")  # fmt: skip
        _require(first, part, split, target or first.target)
        if extra := [name for name in part.columns if name not in columns]:
            notes.append(f"{part.source}: {', '.join(map(repr, extra))} left out, which {first.source} lacks")
        for name, several in columns.items():
            several.append(_alike(several[0], part, name, first))
        digest.update(f"{split}:{part.fingerprint};".encode())
        splits[split] = np.arange(count, count + part.count)
        count += part.count
        notes += part.notes
    every = [first, *parts.values()]
    return replace(
        first,
        columns={name: _joined(several) for name, several in columns.items()},
        fingerprint=digest.hexdigest(),
        splits=splits,
        files=[file for each in every for file in each.files or ()] if first.files is not None else None,
        parts=tuple(pair for each in every for pair in each.parts or ((each.source, each.count),)),
        notes=tuple(dict.fromkeys(notes)),
    )


def _require(first: Content, part: Content, split: str, target: str | None) -> None:
    """Refuse a part that lacks a column, or is read in another way than the first."""
    if lacks := [name for name in first.columns if name not in part.columns]:
        fix = "add the column" + "s" * (len(lacks) > 1)
        if lacks == [target]:
            fix = f"rows without a target are no {split} part but to be answered: weftnet predict RUN {part.source}"
        raise DataError(f"the {split} part has no column {', '.join(map(repr, lacks))}", where=part.source,
                        expected=", ".join(first.columns), got=", ".join(part.columns), fix=fix)  # fmt: skip
    if (first.typed, first.table, first.files is None) != (part.typed, part.table, part.files is None):
        raise DataError("the parts are of different sorts of files", where=part.source, expected=f"as {first.source}",
                        fix="write them in the same format")  # fmt: skip


def _alike(one: NDArray[Any], part: Content, name: str, first: Content) -> NDArray[Any]:
    """A column of a part, in the form that the first has; an array without any value has every form."""
    other = part.columns[name]
    if one.shape[1:] != other.shape[1:]:
        raise DataError("rows differ in shape", where=f"{part.source}: column {name!r}",
                        expected=f"{one.shape[1:]}, as in {first.source}", got=str(other.shape[1:]))  # fmt: skip
    if _form(one) == _form(other) or _is_empty(one):
        return other
    if _is_empty(other):
        return np.full(other.shape, _MISSING.get(one.dtype.kind), one.dtype if one.dtype.kind in _MISSING else object)
    raise DataError(f"column {name!r} is of another kind than in {first.source}", where=part.source,
                    expected=_form(one), got=_form(other))  # fmt: skip


def _joined(several: Sequence[NDArray[Any]]) -> NDArray[Any]:
    """A column of all parts, one after another."""
    if len({_form(values) for values in several}) > 1:  # one of them is empty
        several = [values.astype(object) for values in several]
    return np.concatenate(several)


def _form(values: NDArray[Any]) -> str:
    return _FORMS.get(values.dtype.kind, _WORDS)


def _is_empty(values: NDArray[Any]) -> bool:
    """Whether all values are missing."""
    if values.dtype.kind in "biuSU":
        return False
    return all(value is None or value != value for value in values.ravel().tolist())


def rest_of(spec: str | Mapping[str, Any], own: Mapping[str, Rows]) -> dict[str, Any]:
    """How the training part is split where the test part is named: the spec with shares of train and validation alone.

    Raises:
        SettingError: there is a validation part already, or the spec asks for a test split.
    """
    settings: dict[str, Any] = {"by": spec} if isinstance(spec, str) else dict(spec)
    if "validation" in own:
        raise SettingError("validation and test part are given: nothing is left to split", where="splits",
                           got=repr(spec), fix="leave out `splits`, or --validation")  # fmt: skip
    if "folds" in settings or settings.get("test") or set(settings) == {"column"}:
        raise SettingError("the test part is given: `splits` only says how validation is taken from the training part",
                           where="splits", expected="{'by': 'group', 'column': 'patient', 'validation': 0.1}",
                           got=repr(spec))  # fmt: skip
    settings.pop("test", None)
    share = settings.get("validation", 1 - settings["train"] if "train" in settings else VALIDATION)
    return {**settings, "validation": share, "train": settings.get("train", 1 - share)}
