"""Metrics of several labels at once, in float64, as scikit-learn computes them.

t, a          true and predicted labels, (examples, labels) of 0 and 1
micro F1      2 Σ t·a / (Σ t + Σ a) over all examples and labels; 0 where no label is true or predicted
macro F1      the mean over labels of each label's F1, 0 for one that neither occurs nor is predicted
AP_k          the average precision of label k (`_ranking.py`)
mean AP       the mean of AP_k over the labels that occur
subset accuracy   the share of examples all of whose labels are right
hamming       the share of labels that are wrong
"""

import torch
from torch import Tensor

from weftnet.tasks._ranking import Ranking


def f1(truth: Tensor, answer: Tensor) -> tuple[Tensor, Tensor]:
    """Micro and macro F1 of bools (examples, labels)."""
    hits = (truth & answer).sum(0).double()
    either = (truth.sum(0) + answer.sum(0)).double()
    return 2 * hits.sum() / either.sum().clamp(min=1), (2 * hits / either.clamp(min=1)).mean()


def mean_average_precision(scores: Tensor, truth: Tensor) -> Tensor:
    """Mean AP over the labels that occur; 0 where none does."""
    rankings = [Ranking.of(scores[:, k], truth[:, k]) for k in range(truth.shape[1]) if truth[:, k].any()]
    precisions = [ranking.average_precision() for ranking in rankings]
    return torch.stack(precisions).mean() if precisions else scores.new_zeros(())
