"""Cross-entropy: how surprised the network is by the right class, in nats.

    p = softmax(outputs)
    loss = Σ_i w_{t_i} · nats_i / Σ_i w_{t_i},   nats_i = −Σ_k s_ik log p_ik,   s_i = (1 − ε) · one-hot(t_i) + ε / K

with ε = `label_smoothing` and w = `class_weights`; under smoothing w_k weighs each term of the inner sum instead of the
whole of it. Probabilities as targets are averaged without the outer weights.

Source: label smoothing: C. Szegedy and others, Rethinking the Inception Architecture, 2016,
https://arxiv.org/abs/1512.00567. The same as torch's `cross_entropy`, with a mask.
"""

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor

from weftnet.losses._values import by_class, mean, weights_of


def cross_entropy(
    outputs: Tensor, target: Tensor, mask: Tensor | None = None, *, label_smoothing: float = 0.0,
    class_weights: Sequence[float] | None = None, ignore: int | None = None,
) -> Tensor:  # fmt: skip
    """The mean over what counts.

    Args:
        outputs: logits (batch, classes), (batch, time, classes) or (batch, classes, height, width).
        target: class numbers without the classes' axis, or probabilities with it.
        mask: True where it counts.
        label_smoothing: probability mass spread evenly over all classes, in [0, 1).
        class_weights: a positive weight for each class.
        ignore: a class number that doesn't count.

    Raises:
        SettingError: shapes or weights don't fit.
    """
    logits, target, mask = by_class("cross_entropy", outputs, target, mask, ignore)
    weights = weights_of("cross_entropy", class_weights, logits)
    if mask is None:
        return F.cross_entropy(logits, target, weights, label_smoothing=label_smoothing)
    nats = F.cross_entropy(logits, target, weights, label_smoothing=label_smoothing, reduction="none")
    return mean(nats, mask, None if weights is None or target.is_floating_point() else weights[target])
