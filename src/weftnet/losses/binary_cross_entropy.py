"""Binary cross-entropy: several yes-or-no questions, each decided by itself, in nats.

    p = sigmoid(outputs)
    loss = mean of  −[w_k t log p + (1 − t) log(1 − p)],   w = `positive_weights`

Source: as torch's `binary_cross_entropy_with_logits`, with a mask; the labels are the second axis.
"""

from collections.abc import Sequence

import torch.nn.functional as F
from torch import Tensor

from weftnet.losses._values import mean, pair, weights_of


def binary_cross_entropy(
    outputs: Tensor, target: Tensor, mask: Tensor | None = None, *, positive_weights: Sequence[float] | None = None
) -> Tensor:
    """The mean over what counts.

    Args:
        outputs: logits (batch, labels, …).
        target: of the same shape, values in [0, 1].
        mask: True where it counts.
        positive_weights: a positive weight of each label's examples.

    Raises:
        SettingError: shapes or weights don't fit.
    """
    logits, target, mask = pair("binary_cross_entropy", outputs, target, mask)
    weights = weights_of("binary_cross_entropy", positive_weights, logits)
    if weights is not None:
        weights = weights.reshape(-1, *[1] * (logits.dim() - 2))
    if mask is None:
        return F.binary_cross_entropy_with_logits(logits, target, pos_weight=weights)
    return mean(F.binary_cross_entropy_with_logits(logits, target, pos_weight=weights, reduction="none"), mask)
