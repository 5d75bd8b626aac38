"""Accuracy: the share of examples whose likeliest class is the true one."""

from torch import Tensor

from weftnet.metrics._counts import confusion_of
from weftnet.metrics._metric import Sums


class Accuracy(Sums, better="max", unit="share"):
    """From logits (n, classes) and class numbers (n)."""

    def sums(self, outputs: Tensor, target: Tensor) -> Tensor:
        """The confusion matrix."""
        return confusion_of(outputs, target)

    def of(self, total: Tensor) -> Tensor:
        """Its trace over its sum."""
        return total.diagonal().sum().double() / total.sum()
