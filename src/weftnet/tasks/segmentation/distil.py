"""From a teacher: soft targets at every pixel, those of no class (void) too, of which the teacher has an opinion.

    loss = T² · KL(softmax(teacher / T) ‖ softmax(student / T))          over the classes; mean over the pixels

Outputs of another size are brought to the student's, between the pixels linearly.

Source: as of classification, G. Hinton and others, 2015, https://arxiv.org/abs/1503.02531; at each pixel: Y. Liu and
others, Structured knowledge distillation for semantic segmentation, 2019, https://arxiv.org/abs/1903.04197.
"""

from torch import Tensor
from torch.nn import functional as F

from weftnet.data.batch import Batch
from weftnet.tasks._distillation import Distillation, divergence, places
from weftnet.tasks.segmentation.task import Segmentation


def segmentation(task: Segmentation, teacher: Segmentation) -> Distillation:
    """Logits (batch, classes, height, width), matched by label.

    Raises:
        RunError: the teacher doesn't know a label.
    """
    order, size = places(task.labels, teacher.labels, "labels"), (task.height, task.width)

    def known(outputs: Tensor) -> Tensor:
        own = outputs[:, order]
        return own if own.shape[2:] == size else F.interpolate(own, size, mode="bilinear", align_corners=False)

    return Distillation(known, _loss, soft=True)


def _loss(outputs: Tensor, known: Tensor, batch: Batch, temperature: float) -> Tensor:
    return divergence(outputs, known, temperature, 1).mean()
