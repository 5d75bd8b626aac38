"""Accuracy: the share of examples whose likeliest class is the true one."""

from torch import Tensor

from weftnet.metrics._classes import Confusion


class Accuracy(Confusion, better="max", unit="share"):
    """From logits (n, classes) and class numbers (n)."""

    def of(self, total: Tensor) -> Tensor:
        """Its trace over its sum."""
        return total.diagonal().sum().double() / total.sum()
