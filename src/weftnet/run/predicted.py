"""What a run predicts: the column it was trained for, and the unit in which that is written."""

from collections.abc import Mapping
from typing import Any

from weftnet.data.preprocessing import kind_from_state
from weftnet.errors import WeftnetError
from weftnet.run.facts import Predicted


def predicted(state: Mapping[str, Any]) -> Predicted | None:
    """The target of a run, by its data.json; None where it has none that has a name."""
    target = (state.get("preprocessing") or {}).get("target")
    if not target:
        return None
    try:
        facts = kind_from_state(target).facts
    except WeftnetError:  # a kind of a plugin that is not loaded
        facts = {}
    name = state.get("target") or ", ".join(facts.get("targets", ()))
    return Predicted(str(name), str(facts.get("unit", ""))) if name else None
