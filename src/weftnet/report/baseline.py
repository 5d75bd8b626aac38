"""What an answer without looking would score: a run that is not far above it has learnt nothing.

classification     always the class most frequent in the training part
regression         always the mean of the training part
several labels     every label for every example alike: the average precision of each is how often it is there
forecasting        always the last value of the window, or that of the last season, whichever is better
language model     each token by its frequency in the training part, whatever came before
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch

from weftnet.data import Data
from weftnet.report.story import Story


@dataclass(frozen=True)
class Baseline:
    """A score and what it is of."""

    score: float
    what: str


def baseline(story: Story) -> Baseline | None:
    """The trivial answer's score on the story's part; None where there is none, or no data."""
    judged, data = story.judged, story.data
    if data is None:
        return None
    if judged is not None and judged.shares is not None:
        part = "train" if story.class_counts.get("train") else story.split
        counts = list(story.class_counts[part].values())
        best = counts.index(max(counts))
        return Baseline(float((judged.truth == best).mean()), f"always “{story.labels[best]}”")
    if judged is not None:
        mean = float(story.loaded.task.settings().get("mean", judged.truth.mean()))
        return Baseline(float(((judged.truth - mean) ** 2).mean() ** 0.5), f"always the mean, {mean:.4g}")
    if (labelled := story.labelled) is not None:
        there = labelled.truth.mean(0)
        return Baseline(float(there[there > 0].mean()) if there.any() else 0.0, "every example alike")
    if story.forecasts is not None:
        return _standing(story.metrics)
    if (
        story.loaded.task.score == "nats_per_token"
        and "vocabulary" in story.loaded.task.settings()
        and data.sizes["train"]
    ):
        return _frequencies(data, story.split, int(story.loaded.task.settings()["vocabulary"]))
    return None


def _standing(metrics: Mapping[str, float]) -> Baseline:
    naive = Baseline(metrics["naive_mse"], "always the last value")
    season = Baseline(metrics.get("seasonal_mse", math.inf), "always the value of the last season")
    return min(naive, season, key=lambda each: each.score)


def _frequencies(data: Data, split: str, size: int) -> Baseline | None:
    counts = [torch.zeros(size, dtype=torch.float64), torch.zeros(size, dtype=torch.float64)]
    for place, part in enumerate(("train", split)):
        for batch in data.batches(part, 512):
            if batch.target is None:
                return None
            counts[place] += torch.bincount(batch.target.flatten(), minlength=size)
    shares = (counts[0] + 1) / (counts[0] + 1).sum()
    nats = float(-(counts[1] * shares.log()).sum() / counts[1].sum())
    return None if math.isnan(nats) else Baseline(nats, "each token by its frequency alone")
