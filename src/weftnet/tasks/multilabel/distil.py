"""From a teacher: each label's own probability.

    p = sigmoid(teacher / T),  q = sigmoid(student / T)
    loss = T² · [p log p/q + (1 − p) log (1 − p)/(1 − q)]               mean over examples and labels

Source: as of classification, G. Hinton and others, 2015, https://arxiv.org/abs/1503.02531, of two classes each.
"""

from torch import Tensor
from torch.nn import functional as F

from weftnet.data.batch import Batch
from weftnet.tasks._distillation import Distillation, places
from weftnet.tasks.multilabel.task import Multilabel


def multilabel(task: Multilabel, teacher: Multilabel) -> Distillation:
    """Logits, matched by label.

    Raises:
        RunError: the teacher doesn't know a label.
    """
    order = places(task.labels, teacher.labels, "labels")
    return Distillation(lambda outputs: outputs[:, order], _loss, soft=True)


def _loss(outputs: Tensor, known: Tensor, batch: Batch, temperature: float) -> Tensor:
    student, teacher = outputs.float() / temperature, known.float() / temperature
    p = teacher.sigmoid()
    yes = p * (F.logsigmoid(teacher) - F.logsigmoid(student))
    no = (1 - p) * (F.logsigmoid(-teacher) - F.logsigmoid(-student))
    return temperature**2 * (yes + no).mean()
