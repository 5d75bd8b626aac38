"""Metrics of several labels at once, in float64, as scikit-learn computes them.

t, a          truth and answer, (examples, labels) of 0 and 1
micro F1      2 Σ t·a / (Σ t + Σ a) over all examples and labels; 0 where nothing is there and nothing answered
macro F1      the mean over labels of each label's F1, 0 for one that neither occurs nor is answered
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
    """AP of one label from scores (n) and where it is (n); nan where it is nowhere."""
    order = score.argsort(descending=True, stable=True)
    score, hits = score[order], positive[order].double().cumsum(0)
    last = torch.ones_like(score, dtype=torch.bool)  # of equal scores: a threshold is after all of them or before
    last[:-1] = score[1:] != score[:-1]
    hits, taken = hits[last], torch.arange(1, len(score) + 1, device=score.device)[last]
    gained = torch.diff(hits, prepend=hits.new_zeros(1))
    area: Tensor = (gained * hits / taken).sum() / hits[-1]
    return area


def mean_average_precision(scores: Tensor, truth: Tensor) -> Tensor:
    """Mean AP over the labels that occur; 0 where none does, as nothing was found."""
    found = [average_precision(scores[:, k], truth[:, k]) for k in range(truth.shape[1]) if truth[:, k].any()]
    return torch.stack(found).mean() if found else scores.new_zeros(())
