"""Subset accuracy: the share of examples all of whose labels are right."""

import torch
from torch import Tensor

from weftnet.metrics._labels import Thresholded


class SubsetAccuracy(Thresholded, better="max", unit="share"):
    """From logits and targets (n, labels); `threshold` as in `Thresholded`."""

    def sums(self, outputs: Tensor, target: Tensor) -> Tensor:
        """Right examples, and all."""
        truth, answer = self.decided(outputs, target)
        right = (truth == answer).all(1)
        return torch.stack([right.sum(), torch.ones_like(right).sum()])

    def of(self, total: Tensor) -> Tensor:
        """Their share."""
        return total[0].double() / total[1]
