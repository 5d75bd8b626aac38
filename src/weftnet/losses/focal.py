"""Focal loss: cross-entropy in which examples that are already right count little.

    p = softmax(outputs)
    loss = mean of  −Σ_k w_k t_k (1 − p_k)^γ log p_k,   t = one-hot(target),  w = `class_weights`

γ = 0 without weights is cross-entropy.

Source: T.-Y. Lin and others, Focal Loss for Dense Object Detection, 2017, https://arxiv.org/abs/1708.02002, for K
classes by a softmax instead of two by a sigmoid. Their α_t are the weights; the mean is not divided by them.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from weftnet.losses._values import at_least, by_class, mean, weights_of


def focal(
    outputs: Tensor, target: Tensor, mask: Tensor | None = None, *, gamma: float = 2.0,
    class_weights: Sequence[float] | None = None, ignore: int | None = None,
) -> Tensor:  # fmt: skip
    """The mean over what counts.

    Args:
        outputs: logits (batch, classes), (batch, time, classes) or (batch, classes, height, width).
        target: class numbers without the classes' axis, or probabilities with it.
        mask: True where it counts.
        gamma: how little easy examples count, 0 or more.
        class_weights: a positive weight for each class.
        ignore: a class number that doesn't count.

    Raises:
        SettingError: shapes, γ or weights don't fit.
    """
    at_least("focal", 0, gamma=gamma)
    logits, target, mask = by_class("focal", outputs, target, mask, ignore)
    weights = weights_of("focal", class_weights, logits)
    log_p = logits.log_softmax(1)
    weighted = log_p if weights is None else log_p * weights.reshape(-1, *[1] * (logits.dim() - 2))
    doubt = (-torch.expm1(log_p)).clamp_min(torch.finfo(log_p.dtype).eps)  # 1 − p; its power has no slope at 0
    nats = -(doubt**gamma) * weighted
    if target.is_floating_point():
        return mean((target * nats).sum(1), mask)
    return mean(nats.gather(1, target.unsqueeze(1)).squeeze(1), mask)
