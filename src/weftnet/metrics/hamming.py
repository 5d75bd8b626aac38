"""Hamming loss: the share of labels that are wrong, over all examples and labels."""

import torch
from torch import Tensor

from weftnet.metrics._labels import Thresholded


class Hamming(Thresholded, better="min", unit="share"):
    """From logits and targets (n, labels); `threshold` as in `Thresholded`."""

    def sums(self, outputs: Tensor, target: Tensor) -> Tensor:
        """Wrong labels, and all."""
        truth, answer = self.decided(outputs, target)
        return torch.stack([(truth != answer).sum(), torch.ones_like(truth).sum()])

    def of(self, total: Tensor) -> Tensor:
        """Their share."""
        return total[0].double() / total[1]
