"""Every answer on a split next to the truth, and what follows from it: the interval of the score, figures by class,
the worst examples.

    classification   loss = −log p(true class);  interval of the accuracy by Wilson (1927)
    regression       loss = (y − t)², in the target's unit;  interval of the RMSE by bootstrap (Efron 1979)

    Wilson, with z = 1.96:   (p + z²/2n ± z √(p(1 − p)/n + z²/4n²)) / (1 + z²/n)
    bootstrap:               the middle 95 % over 1000 samples of n examples drawn with replacement

E. B. Wilson, Probable inference, the law of succession, and statistical inference, 1927,
https://doi.org/10.1080/01621459.1927.10502953. Both measure how far the score would vary with other examples of the
same kind, not with the seed of training.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.data import Batch
from weftnet.errors import DataError
from weftnet.run.loading import Loaded
from weftnet.tasks._softmax import softmax

Floats = NDArray[np.float64]
_Z = 1.959964
_SAMPLES = 1000


@dataclass(frozen=True)
class Judged:
    """Answers next to the truth, in the data's order.

    Args:
        rows: (n,) the examples' row numbers.
        truth: (n,) the class, or the value in the target's unit.
        answer: (n,) the network's class or value.
        loss: (n,) of each example.
        probabilities: (n, classes); None for a regression.
    """

    rows: NDArray[np.int64]
    truth: NDArray[Any]
    answer: NDArray[Any]
    loss: Floats
    probabilities: Floats | None = None

    @property
    def confidence(self) -> Floats:
        """(n,) the probability of the predicted class."""
        if self.probabilities is None:
            return np.full(len(self.rows), np.nan)
        confidence: Floats = self.probabilities.max(1)
        return confidence

    def worst(self, count: int) -> list[int]:
        """The places of the examples with the highest loss; for a classification only wrong answers."""
        order = np.argsort(-self.loss, kind="stable").tolist()
        if self.probabilities is not None:
            order = [place for place in order if self.truth[place] != self.answer[place]]
        return [int(place) for place in order[:count]]


def judge(loaded: Loaded, batches: Iterable[Batch]) -> Judged | None:
    """Every answer of a classification or regression next to the truth; None for other tasks.

    Raises:
        DataError: there are no examples, or they have no target.
    """
    settings: Mapping[str, Any] = loaded.task.settings()
    classes = isinstance(settings.get("labels"), list) and loaded.task.score == "accuracy"
    if not classes and loaded.task.score != "rmse":
        return None
    rows, outputs, truth = [], [], []
    for batch in batches:
        if batch.target is None:
            raise DataError("the batch has no target", expected="the target of every example")
        rows.append(batch.rows.cpu().numpy())
        outputs.append(loaded.outputs(batch).cpu().numpy())
        truth.append(batch.target.cpu().numpy())
    if not rows:
        raise DataError("there is nothing to evaluate", expected="at least one batch")
    if classes:
        return _classes(np.concatenate(rows), np.concatenate(outputs), np.concatenate(truth))
    return _values(np.concatenate(rows), np.concatenate(outputs), np.concatenate(truth), settings)


def _classes(rows: NDArray[np.int64], logits: NDArray[Any], truth: NDArray[Any]) -> Judged:
    p = softmax(logits)
    loss = -np.log(np.maximum(p[np.arange(len(p)), truth], np.finfo(np.float64).tiny))
    return Judged(rows, truth, p.argmax(1), loss, p)


def _values(
    rows: NDArray[np.int64], outputs: NDArray[Any], truth: NDArray[Any], settings: Mapping[str, Any]
) -> Judged | None:
    if outputs.size != truth.size or len(outputs) != outputs.size:  # several numbers per example
        return None
    mean, scale = float(settings.get("mean", 0.0)), float(settings.get("scale", 1.0))
    predicted = outputs.astype(np.float64).reshape(-1) * scale + mean
    true = truth.astype(np.float64).reshape(-1) * scale + mean
    return Judged(rows, true, predicted, (predicted - true) ** 2)


def confusion(judged: Judged, classes: int) -> NDArray[np.int64]:
    """(classes, classes) counts: row = truth, column = answer."""
    pairs = judged.truth * classes + judged.answer
    counts: NDArray[np.int64] = np.bincount(pairs, minlength=classes**2).reshape(classes, classes)
    return counts


@dataclass(frozen=True)
class ClassScore:
    """Precision, recall and F1 of one class.

    Args:
        label: its name.
        precision: the share of its predictions that are right; NaN if it is never predicted.
        recall: the share of its examples that are predicted right; NaN if it has none.
        f1: 2 · right / (predictions + examples); NaN if there are neither.
        count: the number of its examples.
    """

    label: str
    precision: float
    recall: float
    f1: float
    count: int


def by_class(counts: NDArray[np.int64], labels: list[str]) -> list[ClassScore]:
    """Precision, recall and F1 of every class, from its confusion matrix."""
    right, examples, predicted = counts.diagonal(), counts.sum(1), counts.sum(0)
    return [
        ClassScore(
            label,
            _share(right[k], predicted[k]),
            _share(right[k], examples[k]),
            _share(2 * right[k], predicted[k] + examples[k]),
            int(examples[k]),
        )
        for k, label in enumerate(labels)
    ]


def wilson(right: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share, of which `right` of n were observed."""
    p, z = right / n, _Z
    middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)


def bootstrapped_rmse(squares: Floats, seed: int = 0) -> tuple[float, float]:
    """The 95 % interval of the root mean square, over samples with replacement."""
    generator, n = np.random.default_rng(seed), len(squares)
    means = [squares[generator.integers(0, n, n)].mean() for _ in range(_SAMPLES)]
    low, high = np.sqrt(np.quantile(means, (0.025, 0.975)))
    return float(low), float(high)


def _share(part: Any, whole: Any) -> float:
    return float(part / whole) if whole else math.nan
