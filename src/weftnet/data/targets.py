"""The target: its kind, its checks, and its encoded values."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.data.content import Content, located
from weftnet.data.infer import Spec, make, of_target
from weftnet.data.kinds._kind import Kind
from weftnet.data.kinds.category import Category
from weftnet.data.kinds.labels import Labels
from weftnet.data.kinds.number import Number, floats
from weftnet.data.order import Rows
from weftnet.data.preprocessing import missing_column
from weftnet.errors import DataError


def with_target(content: Content, target: str | None, state: Mapping[str, Any] | None) -> Content:
    """The content with its target named by a person or a state, otherwise by the source.

    Raises:
        DataError: there is no such column.
    """
    if target is not None and target not in content.columns:
        raise missing_column(target, list(content.columns), content.source)
    if state is not None:  # new rows to predict need not have a target
        target = state["target"] if state["target"] in content.columns else None
    return replace(content, target=target or content.target)


def target_values(content: Content) -> NDArray[Any]:
    """All values of the target; where a row has many and they are on disk, only those of the first rows."""
    name = str(content.target)
    return next(content.chunks(name)) if content.on_disk(name) else content.columns[name]


def target_kind(content: Content, kinds: Mapping[str, Spec | None]) -> Kind | None:
    """The kind of the target, not yet fitted; None if there is no target."""
    if content.target is None:
        return None
    where = f"{content.source}: {content.target}"
    spec = kinds.get(content.target) or located(
        content, content.target, None, lambda: of_target(target_values(content), where, content.typed)
    )
    name, settings = (spec, {}) if isinstance(spec, str) else next(iter(spec.items()))
    if spec == "category" or name == "labels":  # a target keeps its rare labels
        spec = {name: {"most": 0, "least": 1, **(settings or {})}}
    return make(spec, where)


def check_target(content: Content, kind: Kind) -> None:
    """Refuse a target with missing values, and a constant one."""
    name, values = str(content.target), target_values(content)
    if isinstance(kind, Labels):
        values = np.array([";".join(sorted(row)) for row in located(content, name, None, lambda: kind.sets(values))])
    if values.ndim > 1:
        return
    if isinstance(kind, Number):
        values = located(content, name, None, lambda: floats(values))
    absent = np.array([value is None or value != value for value in values.tolist()])
    if absent.any():
        raise DataError(
            f"the target is missing in {absent.sum()} of {len(values)} rows, first here",
            where=content.place(name, int(np.argmax(absent))),
            fix="fill the values in, or remove these rows",
        )
    if len(set(values.tolist())) == 1:
        raise DataError(
            "the target is the same in every row: there is nothing to learn",
            where=f"{content.source}: column {name!r}",
            got=repr(values.tolist()[0]),
            fix="choose another target",
        )


def target_notes(content: Content, kind: Kind | None) -> list[str]:
    """How many rows have no label at all, which may be intended."""
    if not isinstance(kind, Labels):
        return []
    none = sum(not labels for labels in kind.sets(target_values(content)))
    return [f"{content.target}: {none} rows have no label"] * (none > 0)


def encoded_target(content: Content, kind: Kind) -> Iterator[NDArray[Any]]:
    """The encoded targets, in chunks.

    Raises:
        DataError: a label that no training row has, or a missing number; names the row.
    """
    start, name = 0, str(content.target)
    for values in content.chunks(name, width=kind.signal.numel):
        rows = np.arange(start, start + len(values))
        encoded = located(content, name, rows, lambda values=values: kind.encode(values))
        _check_known(content, kind, rows, values, encoded)
        yield encoded
        start += len(rows)


def _check_known(content: Content, kind: Kind, rows: Rows, values: NDArray[Any], encoded: NDArray[Any]) -> None:
    unseen = encoded == len(kind.labels) if isinstance(kind, Category) else np.isnan(encoded)
    if not unseen.any():
        return
    row = int(np.argmax(unseen.reshape(len(unseen), -1).any(1)))
    raise DataError(
        "the target is no label of the training rows" if isinstance(kind, Category) else "the target is missing",
        where=content.place(str(content.target), int(rows[row])),
        expected=", ".join(map(str, kind.labels)) if isinstance(kind, Category) else "a number",
        got=repr(values[row].item() if hasattr(values[row], "item") else values[row]),
    )
