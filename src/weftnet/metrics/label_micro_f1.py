"""Micro F1 of labels: over all examples and labels together; 0 where no label is true or predicted.

F1 = 2 Σ t·a / (Σ t + Σ a)     with true labels t and predicted labels a of 0 and 1
"""

from torch import Tensor

from weftnet.metrics._counts import decided, label_counts, precision_recall_f1
from weftnet.metrics._metric import Sums


class LabelMicroF1(Sums, better="max", unit="share"):
    """From logits and targets (n, labels).

    Args:
        threshold: a label is predicted from this probability on.
    """

    def __init__(self, threshold: float = 0.5) -> None:
        super().__init__()
        self.threshold = threshold

    def sums(self, outputs: Tensor, target: Tensor) -> Tensor:
        """Hits, true and predicted examples of every label."""
        return label_counts(*decided(outputs, target, self.threshold))

    def of(self, total: Tensor) -> Tensor:
        """F1 over all labels."""
        _, _, f1 = precision_recall_f1(*total.sum(1))
        return f1.nan_to_num(0.0)
