"""From a teacher: its numbers, standardised as the student's targets are.

    loss = (student − teacher)²          mean over examples and targets

Source: as R. Caruana and others, Model compression, 2006, https://doi.org/10.1145/1150402.1150464.
"""

from weftnet.tasks._distillation import Distillation, places, rescaled, squared
from weftnet.tasks.multioutput_regression.task import MultioutputRegression


def multioutput_regression(task: MultioutputRegression, teacher: MultioutputRegression) -> Distillation:
    """The outputs (batch, targets), matched by target.

    Raises:
        RunError: the teacher doesn't predict a target.
    """
    order = places(task.targets, teacher.targets, "targets")
    return Distillation(rescaled(order, (teacher.mean, teacher.scale), (task.mean, task.scale)), squared)
