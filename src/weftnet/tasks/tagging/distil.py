"""From a teacher: soft targets at every word.

    loss = T² · KL(softmax(teacher / T) ‖ softmax(student / T))          over the tags; mean over the words

Of a chain of tags the logits are log-sums over all paths that pass through a tag, so that a teacher and a student of
which only one has a chain understand each other.

Source: as of classification, G. Hinton and others, 2015, https://arxiv.org/abs/1503.02531; of chains by the shares of
their tags: X. Wang and others, Structure-level knowledge distillation for multilingual sequence labeling, 2020,
https://arxiv.org/abs/2004.03846.
"""

from torch import Tensor

from weftnet.blocks.structured._paths import through
from weftnet.data.batch import Batch
from weftnet.tasks._distillation import Distillation, divergence, places
from weftnet.tasks.tagging.task import Tagging


def tagging(task: Tagging, teacher: Tagging) -> Distillation:
    """Scores of tags, matched by name.

    Raises:
        RunError: the teacher doesn't know a tag.
    """
    order = places(task.labels, teacher.labels, "tags")

    def known(outputs: Tensor) -> Tensor:
        own = outputs[..., order]
        return own[:, :, order] if outputs.dim() == 4 else own

    return Distillation(known, _loss, soft=True)


def _loss(outputs: Tensor, known: Tensor, batch: Batch, temperature: float) -> Tensor:
    real = next(iter(batch.masks.values()))
    time = min(real.shape[1], known.shape[1])
    student, teacher = (through(each[:, :time]) if each.dim() == 4 else each[:, :time] for each in (outputs, known))
    each = divergence(student, teacher, temperature, 2)
    return each.masked_fill(~real[:, :time], 0.0).sum() / real.sum().clamp(min=1)
