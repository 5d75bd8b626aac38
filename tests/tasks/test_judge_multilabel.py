"""The judge of several labels: every figure against scikit-learn."""

from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from judging import column, figures, judged, table, texts
from sklearn.metrics import average_precision_score, precision_recall_fscore_support

from weftnet.base.figures import Bars, Paragraph
from weftnet.tasks.multilabel import judge
from weftnet.tasks.multilabel.task import Multilabel


def drawn(n: int, count: int, seed: int) -> tuple[Any, Any, Any]:
    """Logits, their rounded probabilities, so that some are equal, and labels."""
    rng = np.random.default_rng(seed)
    truth = rng.random((n, count)) < np.linspace(0.1, 0.8, count)
    shares = np.clip(np.round(0.3 * truth + 0.7 * rng.random((n, count)), 1), 0.05, 0.95)
    return np.log(shares / (1 - shares)), shares, truth


def task(count: int, threshold: float = 0.5) -> Multilabel:
    return Multilabel([f"label {k}" for k in range(count)], threshold=threshold)


@pytest.mark.parametrize("seed", range(4))
def test_each_label_against_scikit_learn(seed: int) -> None:
    logits, shares, truth = drawn(47, 5, seed)
    judgement = judged(task(5, 0.55), "multilabel", logits, truth.astype(np.float32))
    found = table(judgement)
    wanted = precision_recall_fscore_support(truth, shares >= 0.55, average=None, zero_division=np.nan)
    for name, each in zip(("precision", "recall", "F1", "examples"), wanted, strict=True):
        assert column(found, name) == pytest.approx(each.tolist(), nan_ok=True)
    assert column(found, "predicted") == (shares >= 0.55).sum(0).tolist()
    areas = [average_precision_score(truth[:, k], shares[:, k]) for k in range(5)]
    assert column(found, "average precision") == pytest.approx(areas)
    (bars,) = (each for each in figures(judgement, "Errors") if isinstance(each, Bars))
    assert list(bars.values.values()) == pytest.approx(sorted(100 * area for area in areas))
    assert "from a probability of 0.55 on" in texts(judgement, "Errors")


def test_the_bootstrap_is_a_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(judge, "_MIN_SAMPLES", 40)
    monkeypatch.setattr(judge, "_MAX_SAMPLES", 40)
    logits, shares, truth = drawn(60, 3, 0)
    rng, means = np.random.default_rng(0), []
    for _ in range(40):
        places = rng.integers(0, 60, 60)
        means.append(np.mean([average_precision_score(truth[places, k], shares[places, k]) for k in range(3)]))
    interval = judged(task(3), "multilabel", logits, truth.astype(np.float32)).interval
    assert interval is not None
    assert (interval.low, interval.high) == pytest.approx(tuple(np.quantile(means, [0.025, 0.975])))


def test_the_worst_have_a_wrong_label() -> None:
    truth = np.array([[True, False], [True, False], [True, True], [False, False]])
    shares = np.array([[0.9, 0.1], [0.2, 0.1], [0.9, 0.01], [0.4, 0.4]])
    logits = np.log(shares / (1 - shares))
    worst = judged(task(2), "multilabel", logits, truth.astype(np.float32)).worst
    assert worst is not None
    assert [case.place for case in worst.cases] == [2, 1]
    targets = torch.from_numpy(truth).double()
    loss = F.binary_cross_entropy_with_logits(torch.from_numpy(logits), targets, reduction="none")
    assert worst.best == int(loss.mean(1).argmin())
    words = [each.text for each in worst.cases[0].figures if isinstance(each, Paragraph)]
    assert words == ["missed: label 1 1 %", "right: label 0 90 %"]


def test_the_baseline_is_a_constant_score() -> None:
    logits, _, truth = drawn(40, 4, 1)
    truth[:, 3] = False
    baseline = judged(task(4), "multilabel", logits, truth.astype(np.float32)).baseline
    assert baseline is not None
    assert baseline.score == pytest.approx(
        np.mean([average_precision_score(truth[:, k], np.zeros(40)) for k in range(3)])
    )


def test_nothing_wrong_and_nothing_there() -> None:
    truth = np.array([[True, False], [False, True]])
    perfect = judged(task(2), "multilabel", np.where(truth, 4.0, -4.0), truth.astype(np.float32))
    assert perfect.worst is not None
    assert perfect.worst.cases == ()
    assert "for 100.0 % of the examples exactly the right ones" in texts(perfect, "Errors")
    empty = judged(task(2), "multilabel", np.full((3, 2), -4.0), np.zeros((3, 2), np.float32))
    assert "No example of this split has a label" in texts(empty, "Errors")
    assert empty.interval is None
    assert all(np.isnan(row[1:5]).all() for row in table(empty).rows)  # type: ignore[arg-type]
