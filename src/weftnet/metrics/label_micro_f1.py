"""Micro F1 of labels: over all examples and labels together; 0 where no label is true or predicted.

F1 = 2 Σ t·a / (Σ t + Σ a)     with true labels t and predicted labels a of 0 and 1
"""

from torch import Tensor

from weftnet.metrics._counts import precision_recall_f1
from weftnet.metrics._labels import LabelCounts


class LabelMicroF1(LabelCounts, better="max", unit="share"):
    """From logits and targets (n, labels); `threshold` as in `Thresholded`."""

    def of(self, total: Tensor) -> Tensor:
        """F1 over all labels."""
        _, _, f1 = precision_recall_f1(*total.sum(1))
        return f1.nan_to_num(0.0)
