"""Several target columns of a table become one, of the kind `several`: see `kinds/several.py`."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from weftnet.data.columns import Columns
from weftnet.data.content import Content
from weftnet.data.kinds._state import name_of
from weftnet.data.kinds.several import Several
from weftnet.data.preprocessing import missing_column
from weftnet.data.request import Request
from weftnet.data.targets import check_target, target_kind
from weftnet.data.ways import setting
from weftnet.errors import DataError, SettingError


def named(targets: Sequence[str]) -> str:
    """What columns are called together."""
    return ", ".join(targets)


def targets_of(state: Mapping[str, Any] | None) -> tuple[str, ...]:
    """The columns that are the target of a state together; () where it has another target."""
    target = None if state is None else state["preprocessing"].get("target")
    together = isinstance(target, Mapping) and target.get("kind") == name_of(Several)
    return tuple(Several.from_state(target).columns) if isinstance(target, Mapping) and together else ()


def joined(content: Content, targets: Sequence[str], request: Request) -> tuple[Content, Request]:
    """A content whose last column is all the targets, and the request for it.

    Of a state, a content that lacks one of them stays as it is: it has no target.

    Raises:
        DataError: there is no such column, or it is no column of single values; a value is missing, or all are equal.
        SettingError: a column is named twice.
    """
    if len(set(targets)) < len(targets):
        raise SettingError("a target is named twice", where="target", got=named(targets))
    missing = [name for name in targets if name not in content.columns]
    if missing and request.state is not None:
        return content, request
    if missing:
        raise missing_column(missing[0], list(content.columns), content.source)
    if any(content.on_disk(name) for name in content.columns) or any(content.columns[n].ndim > 1 for n in targets):
        raise DataError(
            "several targets are columns of single values, in memory",
            where=content.source,
            got=named(targets),
            fix=f"allow more memory, if the table is larger: {setting('memory', '16GiB')}",
        )
    name, kinds, notes = named(targets), dict(request.kinds), []
    cells = np.empty((content.count, len(targets)), dtype=object)
    for place, target in enumerate(targets):
        cells[:, place] = content.columns[target]
    if request.state is None:
        states = {}
        for target in targets:
            alone = replace(content, target=target)
            kind, noticed = target_kind(alone, {**content.kinds, **request.kinds})
            assert kind is not None  # it has a target
            check_target(alone, kind)
            states[target] = kind.state()
            notes += noticed
        kinds = {column: spec for column, spec in kinds.items() if column not in targets}
        kinds[name] = {name_of(Several): {"columns": states}}
    others = {column: content.columns[column] for column in content.columns if column not in targets}
    columns = {**others, name: cells}
    held = Columns(columns) if isinstance(content.columns, Columns) else columns
    content = replace(content, columns=held, target=name, notes=(*content.notes, *notes))
    return content, replace(request, kinds=kinds, target=name if request.state is None else None)
