"""Hamming loss: the share of labels that are wrong, over all examples and labels."""

import torch
from torch import Tensor

from weftnet.metrics._counts import decided
from weftnet.metrics._metric import Sums


class Hamming(Sums, better="min", unit="share"):
    """From logits and targets (n, labels).

    Args:
        threshold: a label is predicted from this probability on.
    """

    def __init__(self, threshold: float = 0.5) -> None:
        super().__init__()
        self.threshold = threshold

    def sums(self, outputs: Tensor, target: Tensor) -> Tensor:
        """Wrong labels, and all."""
        truth, answer = decided(outputs, target, self.threshold)
        return torch.stack([(truth != answer).sum(), torch.ones_like(truth).sum()])

    def of(self, total: Tensor) -> Tensor:
        """Their share."""
        return total[0].double() / total[1]
