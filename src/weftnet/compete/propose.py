"""Which networks to try first on a data set, and how to train each: `propose(signals, task) → [Candidate, …]`.

The task's own `propose.py` names them. Candidates end in features: the task appends its head. None of them says how
long to train.
"""

from collections.abc import Mapping
from dataclasses import fields

from weftnet.architecture.signal import Signal
from weftnet.errors import SettingError
from weftnet.tasks import PROPOSALS, TASKS
from weftnet.tasks._propose.candidate import Candidate


def propose(signals: Mapping[str, Signal], task: str) -> list[Candidate]:
    """Networks that suit inputs of these kinds and this task.

    Args:
        signals: the data's inputs by name.
        task: a name of `TASKS`.

    Raises:
        UnknownName: there is no task of that name.
        SettingError: there are no proposals for inputs of these kinds.
    """
    candidates = offered(signals, task)
    if not candidates:
        inputs = ", ".join(f"{name}: {signal}" for name, signal in signals.items()) or "no input"
        got = inputs if PROPOSALS.find(task) else PROPOSALS.reason(task)
        raise SettingError(
            f"nothing to propose for {task}", got=got, fix="name an architecture of your own with --arch"
        )
    return list(candidates.values())


def offered(signals: Mapping[str, Signal], task: str) -> dict[str, Candidate]:
    """The same by name, none where there is nothing to propose: who names one of them gets its sizes and its recipe.

    Raises:
        UnknownName: there is no task of that name.
    """
    proposal, known = PROPOSALS.find(task), {field.name for field in fields(TASKS.get(task))}
    return {each.name: each.with_settings(known) for each in (proposal(signals) if proposal else [])}
