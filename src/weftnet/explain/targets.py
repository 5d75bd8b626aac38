"""What is explained about a run's answers: its task's own `explain.py` says so."""

from typing import Any

from torch import Tensor

from weftnet.errors import SettingError
from weftnet.run.loading import Loaded
from weftnet.tasks import EXPLANATIONS
from weftnet.tasks._targets import Targets


def choose(loaded: Loaded, outputs: Any, target: str | int | None) -> Targets:
    """The targets of a batch.

    Args:
        loaded: the run.
        outputs: of its network.
        target: a label, or the step of a forecast; None for the likeliest label, the value, or the first step of the
            first column.

    Raises:
        UnknownName: there is no label or column of that name.
        SettingError: the task's outputs can't be explained, or there is no such step.
    """
    name = loaded.run.facts.task.name
    explanation = EXPLANATIONS.find(name)
    if explanation is None or not isinstance(outputs, Tensor):
        got = "several outputs" if explanation else f"not applicable, {EXPLANATIONS.reason(name)}"
        raise SettingError(
            "this run's outputs can't be explained",
            where=f"task {name}",
            expected="a task with one score for each answer, such as the logit of a label or a number",
            got=got,
        )
    targets: Targets = explanation(loaded.task.settings(), outputs, target)
    return targets
