"""The target: its kind, its checks, and its encoded values."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.data.content import Content, located
from weftnet.data.index_columns import index_aside
from weftnet.data.infer import Spec, either, make, recognise
from weftnet.data.kinds import KINDS
from weftnet.data.kinds._kind import Kind, Packable
from weftnet.data.kinds._raw import RawColumn
from weftnet.data.preprocessing import missing_column
from weftnet.data.ways import setting
from weftnet.errors import DataError

#: what else a missing value of a table in text may be
_WORDS = f"; if a word such as 'none' or 'NA' is an answer like others: {setting('present', ['none', 'NA'])}"


def with_target(content: Content, target: str | None, state: Mapping[str, Any] | None) -> Content:
    """The content with its target named by a person or a state, otherwise by the source; an index is put aside.

    Raises:
        DataError: there is no such column.
    """
    if target is not None and target not in content.columns:
        raise missing_column(target, list(content.columns), content.source)
    if state is not None:  # new rows to predict need not have a target
        target = state["target"] if state["target"] in content.columns else None
    content = replace(content, target=target or content.target)
    return content if state is not None else index_aside(content)


def target_values(content: Content) -> NDArray[Any]:
    """All values of the target; where a row has many and they are on disk, only those of the first rows."""
    name = str(content.target)
    return next(content.chunks(name)) if content.on_disk(name) else content.columns[name]


def target_kind(
    content: Content, kinds: Mapping[str, Spec | None], wanted: Spec | None = None
) -> tuple[Kind | None, list[str]]:
    """The kind of the target, not yet fitted, None if there is no target; and a note if it could be another.

    Args:
        content: with the target; a test split of its own has no say.
        kinds: that a person set.
        wanted: the kind that is taken if the values can be read so.
    """
    if content.target is None:
        return None, []
    where, notes = f"{content.source}: {content.target}", []
    if not (spec := kinds.get(content.target)):
        values = _known(content, target_values(content))
        column = RawColumn([values], table=content.table and values.ndim == 1, typed=content.typed, target=True)
        likely: Any = None if wanted is None else KINDS.get(wanted if isinstance(wanted, str) else next(iter(wanted)))
        if wanted is not None and located(content, content.target, None, lambda: likely.recognises(column)):
            spec = wanted
        else:
            taken, other = located(content, content.target, None, lambda: recognise(column, where))
            spec, notes = str(taken), either(content.target, str(taken), other)
    name, settings = (spec, {}) if isinstance(spec, str) else next(iter(spec.items()))
    own = KINDS.get(name).as_target if name in KINDS else {}
    return make({name: {**own, **(settings or {})}}, where), notes


def _known(content: Content, values: NDArray[Any]) -> NDArray[Any]:
    """The values but those of a test split that the source comes with: what a target is, no test row decides."""
    test = content.splits.get("test", ())
    return values if content.on_disk(str(content.target)) or not len(test) else np.delete(values, test, axis=0)


def check_target(content: Content, kind: Kind) -> None:
    """Refuse a target with missing values, and a constant one."""
    name, values = str(content.target), target_values(content)
    values = located(content, name, None, lambda: kind.compared(values))
    if values.ndim > 1:
        return
    absent = np.array([value is None or value != value for value in values.tolist()])
    if absent.any():
        raise DataError(
            f"the target is missing in {absent.sum()} of {len(values)} rows, first here",
            where=content.place(name, int(np.argmax(absent))),
            fix=f"fill the values in, or remove these rows{_WORDS * (content.table and not content.typed)}",
        )
    if len(set(values.tolist())) == 1:
        raise DataError(
            "the target is the same in every row: there is nothing to learn",
            where=f"{content.source}: column {name!r}",
            got=repr(values.tolist()[0]),
            fix="choose another target",
        )


def target_notes(content: Content, kind: Kind | None) -> list[str]:
    """What the reader should know about the target."""
    if kind is None:
        return []
    name = str(content.target)
    return [f"{name}: {note}" for note in kind.target_findings(name, target_values(content))]


def encoded_target(content: Content, kind: Kind) -> Iterator[NDArray[Any]]:
    """The encoded targets, in chunks; packed, if the kind can do so: see `unpacked_target`.

    Raises:
        DataError: a label that no training row has, or a missing number; names the row.
    """
    start, name = 0, str(content.target)
    for values in content.chunks(name, width=kind.signal.numel):
        rows = np.arange(start, start + len(values))
        if isinstance(kind, Packable) and kind.packs(values):
            yield located(content, name, rows, lambda values=values: kind.pack(values))
        else:
            yield located(content, name, rows, lambda values=values: kind.encode_target(values))
        start += len(rows)


def unpacked_target(kind: Kind, rows: NDArray[Any]) -> NDArray[Any]:
    """Rows of the targets as `encoded_target` yielded them, encoded."""
    return kind.unpack(rows) if rows.dtype == np.uint8 and isinstance(kind, Packable) else rows
