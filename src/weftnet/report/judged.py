"""A part of the data with every answer beside the truth, and what follows from it: a score with its interval, the
trivial answer's score, the examples that went worst.

    classification   loss = −log p(true class);  interval of the accuracy by Wilson (1927)
    regression       loss = (y − t)², in the target's unit;  interval of the RMSE by bootstrap (Efron 1979)

    Wilson, with z = 1.96:   (p + z²/2n ± z √(p(1 − p)/n + z²/4n²)) / (1 + z²/n)
    bootstrap:               the middle 95 % over 1000 samples of n examples drawn with replacement

E. B. Wilson, Probable inference, the law of succession, and statistical inference, 1927,
https://doi.org/10.1080/01621459.1927.10502953. Both tell how far the score would vary with other examples of the same
kind; not how it varies with the seed of training.
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
    """Answers beside the truth, in the data's order.

    Args:
        rows: (n,) the examples' numbers.
        truth: (n,) the class, or the value in the target's unit.
        answer: (n,) the same of the network.
        loss: (n,) each example's.
        shares: (n, classes) probabilities; None for a regression.
    """

    rows: NDArray[np.int64]
    truth: NDArray[Any]
    answer: NDArray[Any]
    loss: Floats
    shares: Floats | None = None

    @property
    def confidence(self) -> Floats:
        """(n,) the probability of the class that was answered."""
        if self.shares is None:
            return np.full(len(self.rows), np.nan)
        found: Floats = self.shares.max(1)
        return found

    def worst(self, count: int) -> list[int]:
        """The places of the examples with the highest loss, of a classification only those answered wrongly."""
        order = np.argsort(-self.loss, kind="stable").tolist()
        if self.shares is not None:
            order = [place for place in order if self.truth[place] != self.answer[place]]
        return [int(place) for place in order[:count]]


def judge(loaded: Loaded, batches: Iterable[Batch]) -> Judged | None:
    """Every answer of a classification or regression beside the truth; None for other tasks.

    Raises:
        DataError: there is nothing, or the examples don't know the target.
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
    found, wanted = np.concatenate(outputs), np.concatenate(truth)
    return (_classes if classes else _values)(np.concatenate(rows), found, wanted, settings)


def _classes(rows: NDArray[np.int64], logits: NDArray[Any], truth: NDArray[Any], settings: Any) -> Judged:
    p = softmax(logits)
    loss = -np.log(np.maximum(p[np.arange(len(p)), truth], np.finfo(np.float64).tiny))
    return Judged(rows, truth, p.argmax(1), loss, p)


def _values(rows: NDArray[np.int64], outputs: NDArray[Any], truth: NDArray[Any], settings: Any) -> Judged | None:
    if outputs.size != truth.size or len(outputs) != outputs.size:  # several numbers an example
        return None
    mean, scale = float(settings.get("mean", 0.0)), float(settings.get("scale", 1.0))
    given = outputs.astype(np.float64).reshape(-1) * scale + mean
    wanted = truth.astype(np.float64).reshape(-1) * scale + mean
    return Judged(rows, wanted, given, (given - wanted) ** 2)


def confusion(judged: Judged, classes: int) -> NDArray[np.int64]:
    """(classes, classes) counts: row = truth, column = answer."""
    both = judged.truth * classes + judged.answer
    found: NDArray[np.int64] = np.bincount(both, minlength=classes**2).reshape(classes, classes)
    return found


@dataclass(frozen=True)
class ClassScore:
    """How well one class is found.

    Args:
        label: its name.
        precision: of the answers that name it, the share that is right; NaN if none does.
        recall: of its examples, the share that is found; NaN if there is none.
        f1: 2 · right / (answers + examples); NaN if there is neither.
        count: its examples.
    """

    label: str
    precision: float
    recall: float
    f1: float
    count: int


def by_class(counts: NDArray[np.int64], labels: list[str]) -> list[ClassScore]:
    """Precision, recall and F1 of every class, from its confusion matrix."""
    right, examples, said = counts.diagonal(), counts.sum(1), counts.sum(0)
    return [
        ClassScore(
            label,
            _share(right[k], said[k]), _share(right[k], examples[k]), _share(2 * right[k], said[k] + examples[k]),
            int(examples[k]),
        )
        for k, label in enumerate(labels)
    ]  # fmt: skip


def wilson(right: int, n: int) -> tuple[float, float]:
    """The 95 % interval of a share of which `right` of n were seen."""
    p, z = right / n, _Z
    middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)


def bootstrapped_rmse(squares: Floats, seed: int = 0) -> tuple[float, float]:
    """The 95 % interval of the root of the mean, over samples with replacement."""
    drawn, n = np.random.default_rng(seed), len(squares)
    means = [squares[drawn.integers(0, n, n)].mean() for _ in range(_SAMPLES)]
    low, high = np.sqrt(np.quantile(means, (0.025, 0.975)))
    return float(low), float(high)


def _share(part: Any, whole: Any) -> float:
    return float(part / whole) if whole else math.nan
