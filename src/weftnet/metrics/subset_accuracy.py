"""Subset accuracy: the share of examples all of whose labels are right."""

import torch
from torch import Tensor

from weftnet.metrics._counts import decided
from weftnet.metrics._metric import Sums


class SubsetAccuracy(Sums, better="max", unit="share"):
    """From logits and targets (n, labels).

    Args:
        threshold: a label is predicted from this probability on.
    """

    def __init__(self, threshold: float = 0.5) -> None:
        super().__init__()
        self.threshold = threshold

    def sums(self, outputs: Tensor, target: Tensor) -> Tensor:
        """Right examples, and all."""
        truth, answer = decided(outputs, target, self.threshold)
        right = (truth == answer).all(1)
        return torch.stack([right.sum(), torch.ones_like(right).sum()])

    def of(self, total: Tensor) -> Tensor:
        """Their share."""
        return total[0].double() / total[1]
