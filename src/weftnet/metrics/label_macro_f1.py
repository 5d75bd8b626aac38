"""Macro F1 of labels: the mean over labels of each one's F1, 0 for one that neither occurs nor is predicted.

F1_k = 2 Σ t·a / (Σ t + Σ a)     over the examples, with true labels t and predicted labels a of 0 and 1
"""

from torch import Tensor

from weftnet.metrics._counts import precision_recall_f1
from weftnet.metrics._labels import LabelCounts


class LabelMacroF1(LabelCounts, better="max", unit="share"):
    """From logits and targets (n, labels); `threshold` as in `Thresholded`."""

    def of(self, total: Tensor) -> Tensor:
        """The mean F1."""
        _, _, f1 = precision_recall_f1(*total)
        return f1.nan_to_num(0.0).mean()
