"""A part whose examples have several labels: every answer beside the truth, and how well each label is found.

    loss    = −mean over labels of [t log p + (1 − t) log(1 − p)],  p = sigmoid(logit)
    AP      see `ranking.py`; interval of its mean over the labels that occur: bootstrap over the examples (Efron 1979)

A sample with replacement gives each example a weight, how often it was drawn; the order of the examples stays, so that
they are sorted once for each label and not once for each sample.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.data import Batch
from weftnet.errors import DataError
from weftnet.report.ranking import Ranking
from weftnet.run.loading import Loaded

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
#: samples of the bootstrap: as many as this much work allows, but never fewer or more than
_WORK, _FEWEST, _MOST = 2e8, 200, 1000


@dataclass(frozen=True)
class Labelled:
    """Answers beside the truth, in the data's order.

    Args:
        labels: their names.
        threshold: the probability from which on a label is answered.
        rows: (n,) the examples' numbers.
        truth: (n, labels) which labels are there.
        shares: (n, labels) the probability of each.
        loss: (n,) each example's, in nats.
    """

    labels: list[str]
    threshold: float
    rows: NDArray[np.int64]
    truth: Bools
    shares: Floats
    loss: Floats

    @property
    def answer(self) -> Bools:
        """(n, labels) which labels are answered."""
        return np.asarray(self.shares >= self.threshold)

    def worst(self, count: int) -> list[int]:
        """The places of the examples with the highest loss among those with a wrong label."""
        wrong = (self.truth != self.answer).any(1)
        return [place for place in np.argsort(-self.loss, kind="stable").tolist() if wrong[place]][:count]


@dataclass(frozen=True)
class LabelScore:
    """How well one label is found.

    Args:
        label: its name.
        precision: of the examples it is answered for, the share that has it; NaN if there is none.
        recall: of the examples that have it, the share it is answered for; NaN if there is none.
        f1: 2 · right / (answered + there); NaN if there is neither.
        average_precision: over all thresholds; NaN if no example has it.
        there: examples that have it.
        answered: examples it is answered for.
    """

    label: str
    precision: float
    recall: float
    f1: float
    average_precision: float
    there: int
    answered: int


def judge_labels(loaded: Loaded, batches: Iterable[Batch]) -> Labelled | None:
    """Every answer of a multilabel run beside the truth; None for other tasks.

    Raises:
        DataError: there is nothing, or the examples don't know the target.
    """
    settings: Mapping[str, Any] = loaded.task.settings()
    if loaded.task.score != "mean_average_precision":
        return None
    rows, logits, truth = [], [], []
    for batch in batches:
        if batch.target is None:
            raise DataError("the batch has no target", expected="the labels of every example")
        rows.append(batch.rows.cpu().numpy())
        logits.append(loaded.outputs(batch).cpu().numpy().astype(np.float64))
        truth.append(batch.target.cpu().numpy() >= 0.5)
    if not rows:
        raise DataError("there is nothing to evaluate", expected="at least one batch")
    z, t = np.concatenate(logits), np.concatenate(truth)
    loss = np.logaddexp(0.0, np.where(t, -z, z)).mean(1)
    shares = np.exp(-np.logaddexp(0.0, -z))
    return Labelled(list(settings["labels"]), float(settings["threshold"]), np.concatenate(rows), t, shares, loss)


def by_label(found: Labelled) -> list[LabelScore]:
    """Precision, recall, F1 and average precision of every label."""
    answer = found.answer
    right, there, answered = (found.truth & answer).sum(0), found.truth.sum(0), answer.sum(0)
    return [
        LabelScore(
            label,
            _share(right[k], answered[k]), _share(right[k], there[k]), _share(2 * right[k], there[k] + answered[k]),
            Ranking.of(found.shares[:, k], found.truth[:, k]).average_precision(np.ones(len(found.rows))),
            int(there[k]), int(answered[k]),
        )
        for k, label in enumerate(found.labels)
    ]  # fmt: skip


def bootstrapped_mean_ap(found: Labelled, seed: int = 0) -> tuple[float, float]:
    """The 95 % interval of the mean average precision, over samples with replacement."""
    n, count = found.truth.shape
    rankings = [Ranking.of(found.shares[:, k], found.truth[:, k]) for k in range(count) if found.truth[:, k].any()]
    if not rankings:
        return 0.0, 0.0
    drawn, means = np.random.default_rng(seed), []
    for _ in range(int(np.clip(_WORK / (n * count), _FEWEST, _MOST))):
        weights = np.bincount(drawn.integers(0, n, n), minlength=n).astype(np.float64)
        scores = [each.average_precision(weights) for each in rankings]
        kept = [score for score in scores if not math.isnan(score)]
        if kept:
            means.append(sum(kept) / len(kept))
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)


def _share(part: Any, whole: Any) -> float:
    return float(part / whole) if whole else math.nan
