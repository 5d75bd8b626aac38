"""Mean average precision: the mean over the labels that occur of each one's average precision.

    AP_k = Σ_n (R_n − R_{n−1}) P_n     over the thresholds of label k, highest first (no interpolation)

with recall R and precision P of the examples at or above a threshold; as in scikit-learn. 0 where no label occurs.
"""

import torch
from torch import Tensor

from weftnet.metrics._metric import All
from weftnet.metrics._ranking import Ranking


class MeanAveragePrecision(All, better="max", unit="share"):
    """From scores, such as logits, and targets (n, labels)."""

    def of(self, outputs: Tensor, target: Tensor) -> Tensor:
        """The mean."""
        return mean_average_precision(outputs, target >= 0.5)


def mean_average_precision(scores: Tensor, truth: Tensor) -> Tensor:
    """Mean AP over the labels that occur; 0 where none does."""
    rankings = [Ranking.of(scores[:, k], truth[:, k]) for k in range(truth.shape[1]) if truth[:, k].any()]
    precisions = [ranking.average_precision() for ranking in rankings]
    return torch.stack(precisions).mean() if precisions else scores.new_zeros(())
