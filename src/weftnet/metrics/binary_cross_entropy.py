"""Binary cross-entropy: −mean [t log p + (1 − t) log(1 − p)] over examples and labels, p = sigmoid(logits); in nats."""

import torch
import torch.nn.functional as F
from torch import Tensor

from weftnet.metrics._metric import Sums


class BinaryCrossEntropy(Sums, better="min", unit="nats"):
    """From logits and targets (n, labels) in [0, 1]."""

    def sums(self, outputs: Tensor, target: Tensor) -> Tensor:
        """The sum over examples and labels, and how many."""
        nats = F.binary_cross_entropy_with_logits(outputs, target.to(outputs.dtype), reduction="sum").double()
        return torch.stack([nats, torch.full_like(nats, target.numel())])

    def of(self, total: Tensor) -> Tensor:
        """The mean."""
        return total[0] / total[1]
