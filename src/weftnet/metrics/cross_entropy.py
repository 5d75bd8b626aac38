"""Cross-entropy: −mean log p(target), p = softmax(logits); in nats. Without smoothing and class weights."""

import torch
import torch.nn.functional as F
from torch import Tensor

from weftnet.metrics._metric import Sums


class CrossEntropy(Sums, better="min", unit="nats"):
    """From logits (n, classes) and class numbers (n)."""

    def sums(self, outputs: Tensor, target: Tensor) -> Tensor:
        """Σ −log p, and how many."""
        nats = F.cross_entropy(outputs, target, reduction="sum").double()
        return torch.stack([nats, torch.full_like(nats, len(target))])

    def of(self, total: Tensor) -> Tensor:
        """The mean."""
        return total[0] / total[1]
