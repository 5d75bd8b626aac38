"""Every answer on a split whose examples have several labels, next to the truth, and the figures of each label.

    loss    = −mean over labels of [t log p + (1 − t) log(1 − p)],  p = sigmoid(logit)
    AP      see `ranking.py`; interval of its mean over the labels that occur: bootstrap over the examples (Efron 1979)

A sample with replacement amounts to a weight for each example, how often it was drawn; the order of the examples stays
the same, so that they are sorted once for each label and not once for each sample.
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
#: samples of the bootstrap: as many as keep samples · examples · labels below _WORK, within these bounds
_WORK, _MIN_SAMPLES, _MAX_SAMPLES = 2e8, 200, 1000


@dataclass(frozen=True)
class Labelled:
    """Answers next to the truth, in the data's order.

    Args:
        labels: their names.
        threshold: the probability from which on a label is predicted.
        rows: (n,) the examples' row numbers.
        truth: (n, labels) which labels each example has.
        probabilities: (n, labels).
        loss: (n,) of each example, in nats.
    """

    labels: list[str]
    threshold: float
    rows: NDArray[np.int64]
    truth: Bools
    probabilities: Floats
    loss: Floats

    @property
    def answer(self) -> Bools:
        """(n, labels) which labels are predicted."""
        return np.asarray(self.probabilities >= self.threshold)

    def worst(self, count: int) -> list[int]:
        """The places of the examples with the highest loss among those with a wrong label."""
        wrong = (self.truth != self.answer).any(1)
        return [place for place in np.argsort(-self.loss, kind="stable").tolist() if wrong[place]][:count]


@dataclass(frozen=True)
class LabelScore:
    """The figures of one label.

    Args:
        label: its name.
        precision: the share of its predictions that are right; NaN if it is never predicted.
        recall: the share of its examples that are predicted right; NaN if it has none.
        f1: 2 · right / (predictions + examples); NaN if there are neither.
        average_precision: over all thresholds; NaN if it has no examples.
        examples: how many examples have it.
        predicted: for how many examples it is predicted.
    """

    label: str
    precision: float
    recall: float
    f1: float
    average_precision: float
    examples: int
    predicted: int


def judge_labels(loaded: Loaded, batches: Iterable[Batch]) -> Labelled | None:
    """Every answer of a multilabel run next to the truth; None for other tasks.

    Raises:
        DataError: there are no examples, or they have no target.
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
    p = np.exp(-np.logaddexp(0.0, -z))
    return Labelled(list(settings["labels"]), float(settings["threshold"]), np.concatenate(rows), t, p, loss)


def by_label(labelled: Labelled) -> list[LabelScore]:
    """Precision, recall, F1 and average precision of every label."""
    truth, answer = labelled.truth, labelled.answer
    right, examples, predicted = (truth & answer).sum(0), truth.sum(0), answer.sum(0)
    once_each = np.ones(len(labelled.rows))
    return [
        LabelScore(
            label,
            _share(right[k], predicted[k]),
            _share(right[k], examples[k]),
            _share(2 * right[k], examples[k] + predicted[k]),
            Ranking.of(labelled.probabilities[:, k], truth[:, k]).average_precision(once_each),
            int(examples[k]),
            int(predicted[k]),
        )
        for k, label in enumerate(labelled.labels)
    ]


def bootstrapped_mean_ap(labelled: Labelled, seed: int = 0) -> tuple[float, float]:
    """The 95 % interval of the mean average precision, over samples with replacement."""
    truth = labelled.truth
    n, count = truth.shape
    rankings = [Ranking.of(labelled.probabilities[:, k], truth[:, k]) for k in range(count) if truth[:, k].any()]
    if not rankings:
        return 0.0, 0.0
    generator, means = np.random.default_rng(seed), []
    for _ in range(int(np.clip(_WORK / (n * count), _MIN_SAMPLES, _MAX_SAMPLES))):
        weights = np.bincount(generator.integers(0, n, n), minlength=n).astype(np.float64)
        scores = [each.average_precision(weights) for each in rankings]
        defined = [score for score in scores if not math.isnan(score)]
        if defined:
            means.append(sum(defined) / len(defined))
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)


def _share(part: Any, whole: Any) -> float:
    return float(part / whole) if whole else math.nan
