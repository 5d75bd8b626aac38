"""What the metrics of classes share: the confusion matrix, which is counted once for all of them."""

from typing import ClassVar

from torch import Tensor

from weftnet.metrics._counts import confusion_of
from weftnet.metrics._metric import Sums


class Confusion(Sums):
    """A metric that follows from the confusion matrix of logits (n, classes) and class numbers (n)."""

    added_by: ClassVar[tuple[str, ...] | None] = ()

    def sums(self, outputs: Tensor, target: Tensor) -> Tensor:
        """(classes, classes) the confusion matrix."""
        return confusion_of(outputs, target)
