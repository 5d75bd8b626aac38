"""ListNet: cross-entropy between the distributions that grades and scores give over the items of a list.

    loss = −Σ_i softmax(grade)_i log softmax(score)_i

Source: Z. Cao and others, Learning to rank: from pairwise approach to listwise approach, 2007,
https://doi.org/10.1145/1273496.1273513, with k = 1.
"""

import torch
from torch import Tensor


def list_net(outputs: Tensor, target: Tensor, mask: Tensor | None = None) -> Tensor:
    """The mean over the lists.

    Args:
        outputs: (batch, items) scores.
        target: (batch, items) grades.
        mask: True where an item was judged, of lists (batch) or of items (batch, items).
    """
    grades = target.to(outputs.dtype)
    if mask is None:
        return -(grades.softmax(1) * torch.log_softmax(outputs, 1)).sum(1).mean()
    judged = mask.reshape(len(mask), -1).expand_as(outputs)
    left, outputs, grades = ~judged, outputs.masked_fill(~judged, -1e9), grades.masked_fill(~judged, -1e9)
    each = -(grades.softmax(1) * torch.log_softmax(outputs, 1)).masked_fill(left, 0.0).sum(1)
    return each.sum() / judged.any(1).sum().clamp(min=1)
