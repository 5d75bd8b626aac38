"""Metrics of several labels at once, in float64, as scikit-learn computes them.

t, a          true and predicted labels, (examples, labels) of 0 and 1
micro F1      2 Σ t·a / (Σ t + Σ a) over all examples and labels; 0 where no label is true or predicted
macro F1      the mean over labels of each label's F1, 0 for one that neither occurs nor is predicted
AP_k          Σ_n (R_n − R_{n−1}) P_n over the thresholds of label k, highest first (no interpolation)
mean AP       the mean of AP_k over the labels that occur
subset accuracy   the share of examples all of whose labels are right
hamming       the share of labels that are wrong
"""

import torch
from torch import Tensor


def f1(truth: Tensor, answer: Tensor) -> tuple[Tensor, Tensor]:
    """Micro and macro F1 of bools (examples, labels)."""
    hits = (truth & answer).sum(0).double()
    either = (truth.sum(0) + answer.sum(0)).double()
    return 2 * hits.sum() / either.sum().clamp(min=1), (2 * hits / either.clamp(min=1)).mean()


def average_precision(score: Tensor, positive: Tensor) -> Tensor:
    """AP of one label from scores (n) and the examples that have it (n); nan if none has."""
    order = score.argsort(descending=True, stable=True)
    score, hits = score[order], positive[order].double().cumsum(0)
    last = torch.ones_like(score, dtype=torch.bool)  # the last of equal scores: no threshold separates them
    last[:-1] = score[1:] != score[:-1]
    hits, taken = hits[last], torch.arange(1, len(score) + 1, device=score.device)[last]
    gained = torch.diff(hits, prepend=hits.new_zeros(1))
    area: Tensor = (gained * hits / taken).sum() / hits[-1]
    return area


def mean_average_precision(scores: Tensor, truth: Tensor) -> Tensor:
    """Mean AP over the labels that occur; 0 where none does."""
    precisions = [average_precision(scores[:, k], truth[:, k]) for k in range(truth.shape[1]) if truth[:, k].any()]
    return torch.stack(precisions).mean() if precisions else scores.new_zeros(())
