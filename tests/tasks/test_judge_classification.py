"""The judge of classification against scikit-learn and loops."""

import math
from typing import Any

import numpy as np
import pytest
from judging import column, figures, judged, table, texts
from scipy import stats
from sklearn.metrics import confusion_matrix, log_loss, precision_recall_fscore_support

from weftnet.base.figures import Histogram, Matrix, Paragraph
from weftnet.errors import DataError
from weftnet.tasks.classification.task import Classification

TASK = Classification(["a", "b", "c", "never"])


def drawn(n: int = 90, seed: int = 0) -> tuple[Any, Any]:
    """Logits and the true classes; the last class never occurs and is never predicted."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 3, n)
    logits = rng.normal(size=(n, 4)) + 1.2 * np.eye(4)[truth]
    logits[:, 3] -= 20
    return logits.astype(np.float32), truth


@pytest.mark.parametrize("seed", range(3))
def test_it_is_scikit_learns(seed: int) -> None:
    logits, truth = drawn(seed=seed)
    answer = logits.argmax(1)
    judgement = judged(TASK, "classification", logits, truth, known=[2, 2, 1, 0])
    (matrix,) = (each for each in figures(judgement, "Errors") if isinstance(each, Matrix))
    assert np.array_equal(matrix.counts, confusion_matrix(truth, answer, labels=range(4)))
    wanted = precision_recall_fscore_support(truth, answer, labels=range(4), zero_division=np.nan)
    for name, each in zip(("precision", "recall", "F1", "examples"), wanted, strict=True):
        assert column(table(judgement), name) == pytest.approx(each.tolist(), nan_ok=True)
    assert table(judgement).cells(table(judgement).rows[3]) == ["never", "–", "–", "–", "0"]
    right = int((answer == truth).sum())
    interval = stats.binomtest(right, len(truth)).proportion_ci(0.95, method="wilson")
    assert judgement.interval is not None
    assert (judgement.interval.low, judgement.interval.high) == pytest.approx((interval.low, interval.high), abs=1e-6)
    assert judgement.baseline is not None
    assert (judgement.baseline.score, judgement.baseline.what) == ((truth == 2).mean(), "always “c”")
    (shown,) = (each for each in figures(judgement, "Confidence") if isinstance(each, Histogram))
    p = np.exp(logits - np.logaddexp.reduce(logits, 1, keepdims=True))
    assert shown.values == pytest.approx(p.max(1), rel=1e-5)


def test_the_worst_are_wrong_and_have_the_highest_loss() -> None:
    logits, truth = drawn()
    logits = logits.astype(np.float64)
    p = np.exp(logits - np.logaddexp.reduce(logits, 1, keepdims=True))
    loss = [log_loss([t], [row], labels=range(4)) for t, row in zip(truth, p, strict=True)]
    wrong = [place for place in np.argsort(loss)[::-1].tolist() if truth[place] != logits[place].argmax()]
    worst = judged(TASK, "classification", logits, truth).worst
    assert worst is not None
    assert [case.place for case in worst.cases] == wrong[:12]
    assert [case.row for case in worst.cases] == [place + 100 for place in wrong[:12]]
    assert worst.best == int(np.argmin(loss))
    first, place = worst.cases[0], wrong[0]
    words = [each.text for each in first.figures if isinstance(each, Paragraph)]
    answer = int(logits[place].argmax())
    assert words == [
        f"{TASK.labels[answer]} {100 * p[place, answer]:.0f} %",
        f"true: {TASK.labels[truth[place]]} {100 * p[place, truth[place]]:.1f} %",
    ]


def test_the_classes_that_are_confused_most_often_are_named() -> None:
    truth, answer = np.array([0] * 5 + [1] * 4), np.array([0, 0, 1, 1, 1, 1, 1, 1, 0])
    judgement = judged(TASK, "classification", 9.0 * np.eye(4, dtype=np.float32)[answer], truth)
    assert "“a” predicted as “b” (3 of 5); “b” predicted as “a” (1 of 4)." in texts(judgement, "Errors")
    assert judgement.baseline is not None
    assert judgement.baseline.what == "always “a”", "without training data, the split's own most frequent class"


def test_nothing_is_wrong() -> None:
    judgement = judged(TASK, "classification", 9.0 * np.eye(4, dtype=np.float32), np.arange(4))
    assert judgement.worst is not None
    assert judgement.worst.cases == ()
    assert "Every answer on this split is right" in judgement.worst.none
    assert math.isclose(judgement.interval.high, 1.0)  # type: ignore[union-attr]


def test_without_truth_there_is_nothing_to_judge() -> None:
    with pytest.raises(DataError, match="no target"):
        judged(TASK, "classification", np.zeros((3, 4), np.float32), None)
    with pytest.raises(DataError, match="nothing to judge"):
        judged(TASK, "classification", np.zeros((0, 4), np.float32), [])
