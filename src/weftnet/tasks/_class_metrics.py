"""Metrics of classification from counts and scores, in float64.

    C[i, j]            how many examples of class i were classified as j
    recall_i           C[i, i] / Σ_j C[i, j]
    balanced accuracy  mean recall over the classes that occur (Brodersen et al. 2010)
    F1_i               2 C[i, i] / (Σ_j C[i, j] + Σ_j C[j, i])
    macro F1           mean F1 over the classes that occur or were predicted
    AUROC              P(score of a positive > score of a negative) + ½ P(equal), by ranks (Mann & Whitney 1947)

Absent classes and ties are treated as in scikit-learn.
"""

import torch
from torch import Tensor


def confusion(truth: Tensor, answer: Tensor, classes: int) -> Tensor:
    """Counts (classes, classes): row = true class, column = predicted class."""
    return torch.bincount(truth * classes + answer, minlength=classes * classes).reshape(classes, classes)


def balanced_accuracy(counts: Tensor) -> Tensor:
    """Mean recall over the classes that occur."""
    occurs = counts.sum(1).double()
    return (counts.diagonal() / occurs)[occurs > 0].mean()


def macro_f1(counts: Tensor) -> Tensor:
    """Mean F1 over the classes that occur or were predicted."""
    either = (counts.sum(0) + counts.sum(1)).double()
    return (2 * counts.diagonal() / either)[either > 0].mean()


def auroc(score: Tensor, positive: Tensor) -> Tensor:
    """Area under the ROC curve from scores (n) and which of them belong to positives (n); nan with one class only."""
    _, inverse, ties = torch.unique(score, return_inverse=True, return_counts=True)
    rank = (ties.cumsum(0) - (ties - 1) / 2.0).double()[inverse]  # equal scores share their mean rank
    positives = positive.sum().double()
    negatives = len(score) - positives
    wins: Tensor = rank[positive].sum() - positives * (positives + 1) / 2
    return wins / (positives * negatives)
