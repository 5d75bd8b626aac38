"""From a teacher: its forecast, standardised as the student's targets are.

    loss = (student − teacher)²          mean over batch, horizon and targets

Source: as R. Caruana and others, Model compression, 2006, https://doi.org/10.1145/1150402.1150464.
"""

from torch import Tensor

from weftnet.errors import RunError
from weftnet.tasks._distillation import Distillation, places, rescaled, squared
from weftnet.tasks.forecasting.task import Forecasting


def forecasting(task: Forecasting, teacher: Forecasting) -> Distillation:
    """The outputs (batch, horizon, targets), matched by target; of a longer forecast its first steps.

    Raises:
        RunError: the teacher doesn't forecast a target, or not so far.
    """
    if teacher.horizon < task.horizon:
        expected, got = f"{task.horizon} steps", f"{teacher.horizon}"
        raise RunError("the teacher doesn't forecast so far", expected=expected, got=got)
    if task.quantiles:
        fix = "train it without quantiles: its intervals are calibrated all the same"
        raise RunError("a forecast of quantiles learns from no teacher", got=str(task.quantiles), fix=fix)
    order = places(task.targets, teacher.targets, "targets")
    known = rescaled(order, (teacher.mean, teacher.scale), (task.mean, task.scale))

    def first(outputs: Tensor) -> Tensor:
        return known(outputs[:, : task.horizon])

    return Distillation(first, squared)
