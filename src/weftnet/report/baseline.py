"""The score of a trivial answer that ignores the input: a run that is not well above it has learnt nothing.

classification     always the most frequent class of the training split
regression         always the mean of the training split
several labels     the same probabilities for every example: the average precision of a label is its frequency
forecasting        always the last value of the window, or that of the last season, whichever is better
language model     each token by its frequency in the training split, whatever precedes it
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch

from weftnet.data import Data
from weftnet.report.subject import Subject


@dataclass(frozen=True)
class Baseline:
    """A score and the answer that has it."""

    score: float
    what: str


def baseline(subject: Subject) -> Baseline | None:
    """The trivial answer's score on the subject's split; None where there is none, or no data."""
    judged, labelled, data = subject.judged, subject.labelled, subject.data
    if data is None:
        return None
    if judged is not None and judged.probabilities is not None:
        split = "train" if subject.class_counts.get("train") else subject.split
        counts = list(subject.class_counts[split].values())
        best = counts.index(max(counts))
        return Baseline(float((judged.truth == best).mean()), f"always “{subject.labels[best]}”")
    settings = subject.loaded.task.settings()
    if judged is not None:
        mean = float(settings.get("mean", judged.truth.mean()))
        return Baseline(float(((judged.truth - mean) ** 2).mean() ** 0.5), f"always the mean, {mean:.4g}")
    if labelled is not None:
        frequency = labelled.truth.mean(0)
        score = float(frequency[frequency > 0].mean()) if frequency.any() else 0.0
        return Baseline(score, "the same answer for every example")
    if subject.forecasts is not None:
        return _naive(subject.metrics)
    if subject.loaded.task.score == "nats_per_token" and "vocabulary" in settings and data.sizes["train"]:
        return _token_frequencies(data, subject.split, int(settings["vocabulary"]))
    return None


def _naive(metrics: Mapping[str, float]) -> Baseline:
    last = Baseline(metrics["naive_mse"], "always the last value")
    season = Baseline(metrics.get("seasonal_mse", math.inf), "always the value of the last season")
    return min(last, season, key=lambda each: each.score)


def _token_frequencies(data: Data, split: str, vocabulary: int) -> Baseline | None:
    counts = [torch.zeros(vocabulary, dtype=torch.float64), torch.zeros(vocabulary, dtype=torch.float64)]
    for place, name in enumerate(("train", split)):
        for batch in data.batches(name, 512):
            if batch.target is None:
                return None
            counts[place] += torch.bincount(batch.target.flatten(), minlength=vocabulary)
    shares = (counts[0] + 1) / (counts[0] + 1).sum()
    nats = float(-(counts[1] * shares.log()).sum() / counts[1].sum())
    return None if math.isnan(nats) else Baseline(nats, "each token by its frequency alone")
