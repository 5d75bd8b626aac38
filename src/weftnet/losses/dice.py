"""Soft Dice loss: how badly the predicted and the true region of each class overlap.

    p = softmax(outputs)
    dice_k = (2 Σ_i p_ik t_ik + s) / (Σ_i p_ik + Σ_i t_ik + s)        over all places i of the batch that count
    loss = 1 − mean of dice_k over the classes that occur among the targets

A class of few pixels weighs as much as one of many. s = `smooth` keeps the quotient finite and its slope gentle.

Source: F. Milletari and others, V-Net, 2016, https://arxiv.org/abs/1606.04797, with plain sums in the denominator as in
C. Sudre and others, Generalised Dice overlap, 2017, https://arxiv.org/abs/1707.03237; sums over the whole batch.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from weftnet.losses._values import at_least, by_class


def dice(
    outputs: Tensor, target: Tensor, mask: Tensor | None = None, *, smooth: float = 1.0, ignore: int | None = None
) -> Tensor:
    """The mean over the classes that occur; 0 where nothing counts.

    Args:
        outputs: logits (batch, classes), (batch, time, classes) or (batch, classes, height, width).
        target: class numbers without the classes' axis, or probabilities with it.
        mask: True where it counts.
        smooth: added to numerator and denominator, 0 or more.
        ignore: a class number that doesn't count.

    Raises:
        SettingError: shapes or `smooth` don't fit.
    """
    at_least("dice", 0, smooth=smooth)
    logits, target, mask = by_class("dice", outputs, target, mask, ignore)
    p, t = logits.softmax(1), target
    if not target.is_floating_point():
        t = F.one_hot(target, logits.shape[1]).movedim(-1, 1).to(p.dtype)
    if mask is not None:
        p, t = p * mask.unsqueeze(1), t * mask.unsqueeze(1)
    places = [axis for axis in range(p.dim()) if axis != 1]
    overlap, true = (p * t).sum(places), t.sum(places)
    score = (2 * overlap + smooth) / (p.sum(places) + true + smooth).clamp_min(torch.finfo(p.dtype).tiny)
    occurs = true > 0
    return torch.where(occurs, 1 - score, 0.0).sum() / occurs.sum().clamp_min(1)
