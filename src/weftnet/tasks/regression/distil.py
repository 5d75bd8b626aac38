"""From a teacher: its number, standardised as the student's target is.

    loss = (student − teacher)²          mean over the examples

Source: as R. Caruana and others, Model compression, 2006, https://doi.org/10.1145/1150402.1150464.
"""

from weftnet.tasks._distillation import Distillation, rescaled, squared
from weftnet.tasks.regression.task import Regression


def regression(task: Regression, teacher: Regression) -> Distillation:
    """The outputs (batch, 1), in the student's scale."""
    known = rescaled([0], ([teacher.mean], [teacher.scale]), ([task.mean], [task.scale]))
    return Distillation(lambda outputs: known(outputs.reshape(-1, 1)), squared)
