"""Columns that were fitted before, elsewhere: which of them a column here is prepared like.

By name, where both are of one kind. Otherwise the only column here and the only one there that fit each other: of the
same kind, or of one that the kind there can read too (`Kind.accepts`). Columns of a table and of a series have to have
the same names: a statistic of one says nothing of another.
"""

from collections.abc import Collection, Mapping
from typing import Any

from weftnet.data.infer import Spec
from weftnet.data.kinds import KINDS
from weftnet.data.kinds._kind import Cell, Channel, Kind

State = Mapping[str, Any]


def partners(specs: Mapping[str, Spec], before: Mapping[str, State], asked: Collection[str]) -> dict[str, str]:
    """Column here → column there.

    Args:
        specs: kinds of the columns here, as they were recognised or set.
        before: states of the columns there.
        asked: columns whose kind a person set: no other kind is taken for them.
    """
    pairs = {name: name for name, spec in specs.items() if name in before and _fits(spec, before[name], name in asked)}
    free = [name for name, state in before.items() if name not in pairs and name not in specs and _alone(state)]
    for there in free:
        here = [
            name
            for name, spec in specs.items()
            if name not in pairs and name not in before and _fits(spec, before[there], name in asked)
        ]
        rivals = [name for name in free if any(_fits(specs[each], before[name], each in asked) for each in here)]
        if len(here) == 1 and rivals == [there]:
            pairs[here[0]] = there
    return pairs


def adopted(spec: Spec, state: State, values: Any) -> Kind | None:
    """The kind of this state, with the settings that a person set; None where they can't be changed afterwards.

    Args:
        spec: a kind's name, or {name: settings}.
        state: fitted before.
        values: the training values, for what the kind suits to them.
    """
    kind = KINDS.get(state["kind"]).adopted(state, _settings(spec))
    return None if kind is None else kind.suited(values)


def _fits(spec: Spec, state: State, asked: bool) -> bool:
    name = spec if isinstance(spec, str) else next(iter(spec), "")
    return bool(name == state["kind"] or (not asked and name in KINDS.get(state["kind"]).accepts))


def _alone(state: State) -> bool:
    """Whether a column is an input of its own."""
    return not issubclass(KINDS.get(state["kind"]), Cell | Channel)


def _settings(spec: Spec) -> dict[str, Any]:
    if isinstance(spec, str) or not spec:
        return {}
    (settings,) = spec.values()
    return dict(settings or {})
