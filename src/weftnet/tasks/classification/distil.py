"""From a teacher: soft targets.

    loss = T² · KL(softmax(teacher / T) ‖ softmax(student / T))          mean over the examples

At a temperature T above 1 the wrong classes count too: how likely the teacher thinks each of them. T² keeps the size of
the gradients, which fall as 1/T². Of a teacher that knows more classes only the student's are looked at.

Source: G. Hinton, O. Vinyals, J. Dean, Distilling the knowledge in a neural network, 2015,
https://arxiv.org/abs/1503.02531.
"""

from torch import Tensor

from weftnet.data.batch import Batch
from weftnet.tasks._distillation import Distillation, divergence, places
from weftnet.tasks.classification.task import Classification


def classification(task: Classification, teacher: Classification) -> Distillation:
    """Logits, matched by label.

    Raises:
        RunError: the teacher doesn't know a label.
    """
    order = places(task.labels, teacher.labels, "labels")
    return Distillation(lambda outputs: outputs[:, order], _loss, soft=True)


def _loss(outputs: Tensor, known: Tensor, batch: Batch, temperature: float) -> Tensor:
    return divergence(outputs, known, temperature, 1).mean()
