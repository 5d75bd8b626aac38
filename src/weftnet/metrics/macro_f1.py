"""Macro F1: the mean F1 over the classes that occur or were predicted.

    F1_i = 2 C[i, i] / (Σ_j C[i, j] + Σ_j C[j, i])

with C[i, j] examples of class i classified as j. Classes that neither occur nor were predicted are left out, as in
scikit-learn.
"""

from torch import Tensor

from weftnet.metrics._classes import Confusion
from weftnet.metrics._counts import of_classes


class MacroF1(Confusion, better="max", unit="share"):
    """From logits (n, classes) and class numbers (n)."""

    def of(self, total: Tensor) -> Tensor:
        """Mean F1."""
        return macro_f1(total)


def macro_f1(counts: Tensor) -> Tensor:
    """Mean F1 over the classes that occur or were predicted, from a confusion matrix (classes, classes)."""
    _, _, f1 = of_classes(counts)
    return f1[~f1.isnan()].mean()
