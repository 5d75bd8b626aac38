"""AUROC of two classes: P(score of a positive > score of a negative) + ½ P(equal), by ranks.

Source: Mann & Whitney, On a test of whether one of two random variables is stochastically larger than the other, 1947,
https://doi.org/10.1214/aoms/1177730491. NaN where only one of the classes occurs.
"""

import torch
from torch import Tensor

from weftnet.metrics._metric import All


class Auroc(All, better="max", unit="share"):
    """From logits (n, 2) and class numbers (n); class 1 is the positive one."""

    def of(self, outputs: Tensor, target: Tensor) -> Tensor:
        """The area."""
        return auroc(outputs[:, 1] - outputs[:, 0], target == 1)


def auroc(score: Tensor, positive: Tensor) -> Tensor:
    """Area under the ROC curve from scores (n) and which of them belong to positives (n); nan with one class only."""
    _, inverse, ties = torch.unique(score, return_inverse=True, return_counts=True)
    rank = (ties.cumsum(0) - (ties - 1) / 2.0).double()[inverse]  # equal scores share their mean rank
    positives = positive.sum().double()
    negatives = len(score) - positives
    wins: Tensor = rank[positive].sum() - positives * (positives + 1) / 2
    return wins / (positives * negatives)
