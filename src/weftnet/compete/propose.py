"""Which networks to try first on a data set, and how to train each: `propose(signals, task) → [Candidate, …]`.

The task's own `propose.py` names them. Candidates end in features: the task appends its head. None of them says how
long to train.
"""

from collections.abc import Mapping
from dataclasses import fields

from weftnet.architecture.signal import Signal
from weftnet.errors import SettingError
from weftnet.tasks import PROPOSALS, TASKS, Task
from weftnet.tasks._passes import name_of
from weftnet.tasks._propose.candidate import Candidate
from weftnet.tasks._propose.suited import suited


def propose(signals: Mapping[str, Signal], task: str | Task) -> list[Candidate]:
    """Networks that suit inputs of these kinds and this task.

    Args:
        signals: the data's inputs by name.
        task: a name of `TASKS`, or a task as it was made for the data, whose settings may size the networks.

    Raises:
        UnknownName: there is no task of that name.
        SettingError: there are no proposals for inputs of these kinds.
    """
    candidates = offered(signals, task)
    if not candidates:
        name = task if isinstance(task, str) else name_of(task)
        inputs = ", ".join(f"{name}: {signal}" for name, signal in signals.items()) or "no input"
        got = inputs if PROPOSALS.find(name) else PROPOSALS.reason(name)
        raise SettingError(
            f"nothing to propose for {name}", got=got, fix="name an architecture of your own with --arch"
        )
    return list(candidates.values())


def offered(signals: Mapping[str, Signal], task: str | Task) -> dict[str, Candidate]:
    """The same by name, none where there is nothing to propose: who names one of them gets its sizes and its recipe.

    Raises:
        UnknownName: there is no task of that name.
    """
    name = task if isinstance(task, str) else name_of(task)
    proposal, known = PROPOSALS.find(name), {field.name for field in fields(TASKS.get(name))}
    found = suited(proposal, signals, None if isinstance(task, str) else task) if proposal else []
    return {each.name: each.with_settings(known) for each in found}
