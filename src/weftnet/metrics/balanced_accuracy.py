"""Balanced accuracy: the mean recall over the classes that occur.

    recall_i = C[i, i] / Σ_j C[i, j]

with C[i, j] examples of class i classified as j. Source: Brodersen et al., The balanced accuracy and its posterior
distribution, 2010, https://doi.org/10.1109/ICPR.2010.764. Absent classes are left out, as in scikit-learn.
"""

from torch import Tensor

from weftnet.metrics._classes import Confusion
from weftnet.metrics._counts import of_classes


class BalancedAccuracy(Confusion, better="max", unit="share"):
    """From logits (n, classes) and class numbers (n)."""

    def of(self, total: Tensor) -> Tensor:
        """Mean recall over the classes that occur."""
        return balanced_accuracy(total)


def balanced_accuracy(counts: Tensor) -> Tensor:
    """Mean recall over the classes that occur, from a confusion matrix (classes, classes)."""
    _, recall, _ = of_classes(counts)
    return recall[~recall.isnan()].mean()
