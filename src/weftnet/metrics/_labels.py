"""What the metrics of several labels share: which labels are predicted."""

from typing import ClassVar

from torch import Tensor

from weftnet.metrics._counts import decided, label_counts
from weftnet.metrics._metric import Sums


class Thresholded(Sums):
    """From logits and targets (n, labels).

    Args:
        threshold: a label is predicted from this probability on.
    """

    def __init__(self, threshold: float = 0.5) -> None:
        super().__init__()
        self.threshold = threshold

    def decided(self, outputs: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
        """True and predicted labels, as bools."""
        return decided(outputs, target, self.threshold)


class LabelCounts(Thresholded):
    """A metric that follows from the hits, true and predicted examples of every label."""

    added_by: ClassVar[tuple[str, ...] | None] = ("threshold",)

    def sums(self, outputs: Tensor, target: Tensor) -> Tensor:
        """(3, labels) the counts."""
        return label_counts(*self.decided(outputs, target))
