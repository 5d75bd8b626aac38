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
    cls, proposal = TASKS.get(task), PROPOSALS.find(task)
    candidates = proposal(signals) if proposal else []
    if not candidates:
        inputs = ", ".join(f"{name}: {signal}" for name, signal in signals.items()) or "no input"
        got = inputs if proposal else PROPOSALS.reason(task)
        raise SettingError(
            f"nothing to propose for {task}", got=got, fix="name an architecture of your own with --arch"
        )
    known = {field.name for field in fields(cls)}
    return [each.with_settings(known) for each in candidates]
