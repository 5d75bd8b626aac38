"""What a task's `distil.py` gives: how a student learns from a teacher's outputs.

    NAME(task, teacher) → Distillation          both tasks are of this kind; raises where they can't be matched

Labels and targets are matched by name, whatever their order, and numbers are brought to the student's scale.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from weftnet.data.batch import Batch
from weftnet.errors import RunError


@dataclass(frozen=True)
class Distillation:
    """How a student learns from a teacher.

    Args:
        known: the teacher's outputs (rows, …) → the same in the student's terms.
        loss: (student's outputs, what is known, batch, temperature) → the loss, a tensor of one number.
        soft: whether outputs are logits, which a temperature softens.
    """

    known: Callable[[Tensor], Tensor]
    loss: Callable[[Tensor, Tensor, Batch, float], Tensor]
    soft: bool = False


def places(own: Sequence[str], there: Sequence[str], what: str) -> list[int]:
    """Where each of the student's labels is among the teacher's.

    Raises:
        RunError: the teacher doesn't know one.
    """
    if missing := [each for each in own if each not in there]:
        got = f"{len(missing)} unknown to it: {', '.join(missing[:6])}"
        raise RunError(f"the teacher knows other {what}", expected=", ".join(own[:12]), got=got)
    return [list(there).index(each) for each in own]


def divergence(outputs: Tensor, known: Tensor, temperature: float, axis: int) -> Tensor:
    """T² · KL(softmax(known / T) ‖ softmax(outputs / T)) along an axis, which it is summed over."""
    q, p = (F.log_softmax(each.float() / temperature, axis) for each in (outputs, known))
    return temperature**2 * (p.exp() * (p - q)).sum(axis)


def squared(outputs: Tensor, known: Tensor, batch: Batch, temperature: float) -> Tensor:
    """The mean of the squared differences, of outputs of any shape."""
    return F.mse_loss(outputs.float(), known.float().view_as(outputs))


def rescaled(
    places: Sequence[int], there: tuple[Sequence[float], Sequence[float]], here: tuple[Sequence[float], Sequence[float]]
) -> Callable[[Tensor], Tensor]:
    """(y · scale + mean) of some of the teacher's targets, the last axis, standardised by the student's.

    Args:
        places: of the student's targets among the teacher's.
        there: mean and scale of each of the teacher's targets.
        here: of each of the student's.
    """

    def known(outputs: Tensor) -> Tensor:
        mean, scale = (torch.tensor(each, dtype=torch.float64, device=outputs.device)[list(places)] for each in there)
        own_mean, own_scale = (torch.tensor(each, dtype=torch.float64, device=outputs.device) for each in here)
        return ((outputs.double()[..., list(places)] * scale + mean - own_mean) / own_scale).to(outputs.dtype)

    return known
