"""Several labels in a report: every figure against scikit-learn, and the page about them."""

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.metrics import average_precision_score, precision_recall_fscore_support

from weftnet.architecture.spec import Architecture, Block, Chain
from weftnet.data import Batch, open_data
from weftnet.errors import DataError
from weftnet.report import labelled, write_run
from weftnet.report.baseline import baseline
from weftnet.report.labelled import Labelled, bootstrapped_mean_ap, by_label, judge_labels
from weftnet.report.ranking import Ranking
from weftnet.report.sections.label_errors import label_errors
from weftnet.report.sections.label_mistakes import label_mistakes
from weftnet.report.subject import Subject
from weftnet.run.loading import load
from weftnet.tasks import TASKS
from weftnet.train import Recipe, fit

NAMES = ["<b>far", "high", "right", "never"]


@pytest.fixture(scope="module")
def subject(tmp_path_factory: pytest.TempPathFactory) -> Subject:
    """A network that has learnt a little of labels that follow from two numbers; one label occurs in training alone."""
    rng = np.random.default_rng(1)
    x, y = rng.normal(size=(2, 160))
    tags = [
        ";".join(n for n, there in zip(NAMES, (a * a + b * b > 2, b > 0, a > 0), strict=False) if there)
        for a, b in zip(x, y, strict=True)
    ]
    data = open_data({"along": x, "up": y, "tags": tags}, target="tags", kinds={"tags": "labels"})
    first = int(data.rows("train")[0])
    data = open_data(
        {"along": x, "up": y, "tags": [*tags[:first], "never", *tags[first + 1 :]]},
        target="tags",
        kinds={"tags": "labels"},
    )
    task = TASKS.get("multilabel").from_data(data, threshold=0.4)
    chain = Chain((Block("dense", {"dim": 8}), Block("relu")))
    recipe = Recipe(steps=12, lr=0.02, batch_size=16)
    run = fit(Architecture.of(chain), task, data, recipe, tmp_path_factory.mktemp("labels") / "run")
    return Subject(load(run), data, "test")


def drawn(n: int, count: int, seed: int) -> tuple[Any, Any]:
    """Labels, and rounded probabilities, so that some are equal."""
    rng = np.random.default_rng(seed)
    truth = rng.random((n, count)) < np.linspace(0.1, 0.8, count)
    return truth, np.round(np.clip(0.3 * truth + 0.7 * rng.random((n, count)), 0, 1), 1)


def made(truth: Any, shares: Any, threshold: float = 0.5) -> Labelled:
    names = [f"label {k}" for k in range(truth.shape[1])]
    loss = -np.where(truth, np.log(np.maximum(shares, 1e-9)), np.log(np.maximum(1 - shares, 1e-9))).mean(1)
    return Labelled(names, threshold, np.arange(len(truth)) + 100, truth, shares, loss)


@pytest.mark.parametrize("seed", range(4))
def test_each_label_against_scikit_learn(seed: int) -> None:
    truth, shares = drawn(47, 5, seed)
    scores = by_label(made(truth, shares, 0.6))
    wanted = precision_recall_fscore_support(truth, shares >= 0.6, average=None, zero_division=np.nan)
    assert [each.precision for each in scores] == pytest.approx(wanted[0].tolist(), nan_ok=True)
    assert [each.recall for each in scores] == pytest.approx(wanted[1].tolist(), nan_ok=True)
    assert [each.f1 for each in scores] == pytest.approx(wanted[2].tolist(), nan_ok=True)
    assert [each.examples for each in scores] == wanted[3].tolist()
    assert [each.predicted for each in scores] == (shares >= 0.6).sum(0).tolist()
    areas = [average_precision_score(truth[:, k], shares[:, k]) for k in range(5)]
    assert [each.average_precision for each in scores] == pytest.approx(areas)


def test_a_label_that_never_comes_up_has_no_scores() -> None:
    (score,) = by_label(made(np.zeros((6, 1), bool), np.full((6, 1), 0.1)))
    assert all(math.isnan(value) for value in (score.precision, score.recall, score.f1, score.average_precision))
    assert (score.examples, score.predicted) == (0, 0)


@pytest.mark.parametrize("seed", range(5))
def test_weights_count_repeated_examples(seed: int) -> None:
    truth, shares = drawn(31, 1, seed)
    places = np.random.default_rng(seed).integers(0, 31, 31)
    weights = np.bincount(places, minlength=31).astype(np.float64)
    precision = Ranking.of(shares[:, 0], truth[:, 0]).average_precision(weights)
    if truth[places, 0].any():
        assert precision == pytest.approx(average_precision_score(truth[places, 0], shares[places, 0]))
    else:
        assert math.isnan(precision)


def test_the_bootstrap_is_a_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labelled, "_MIN_SAMPLES", 40)
    monkeypatch.setattr(labelled, "_MAX_SAMPLES", 40)
    truth, shares = drawn(60, 3, 0)
    rng, means = np.random.default_rng(7), []
    for _ in range(40):
        places = rng.integers(0, 60, 60)
        scores = [average_precision_score(truth[places, k], shares[places, k]) for k in range(3)]
        means.append(np.mean(scores))
    wanted = np.quantile(means, [0.025, 0.975]).tolist()
    assert bootstrapped_mean_ap(made(truth, shares), seed=7) == pytest.approx(wanted)
    assert bootstrapped_mean_ap(made(np.zeros((4, 2), bool), np.full((4, 2), 0.3))) == (0.0, 0.0)


def test_the_worst_have_a_wrong_label() -> None:
    truth = np.array([[True, False], [True, False], [True, True], [False, False]])
    shares = np.array([[0.9, 0.1], [0.2, 0.1], [0.9, 0.01], [0.4, 0.4]])
    assert made(truth, shares).worst(3) == [2, 1]
    assert made(truth, shares).worst(1) == [2]


def test_judged_agrees_with_the_task(subject: Subject) -> None:
    answers = subject.labelled
    assert answers is not None
    assert subject.judged is None
    assert answers.threshold == 0.4
    assert answers.loss.mean() == pytest.approx(subject.metrics["loss"], rel=1e-6)
    assert (answers.truth == answers.answer).all(1).mean() == pytest.approx(subject.metrics["subset_accuracy"])
    scores = [each.average_precision for each in by_label(answers) if each.examples]
    assert np.mean(scores) == pytest.approx(subject.metrics["mean_average_precision"])
    low, high = bootstrapped_mean_ap(answers)
    assert low < subject.metrics["mean_average_precision"] < high
    (batch,) = subject.data.batches("test", 512)  # type: ignore[union-attr]
    loss = F.binary_cross_entropy_with_logits(subject.loaded.outputs(batch), batch.target, reduction="none")  # type: ignore[arg-type]
    assert answers.loss == pytest.approx(loss.mean(1).numpy(), rel=1e-5)
    assert np.array_equal(answers.rows, subject.data.rows("test").numpy())  # type: ignore[union-attr]


def test_the_baseline_is_a_constant_score(subject: Subject) -> None:
    answers, guess = subject.labelled, baseline(subject)
    assert answers is not None
    assert guess is not None
    there = [k for k in range(4) if answers.truth[:, k].any()]
    same = np.zeros(len(answers.rows))
    wanted = np.mean([average_precision_score(answers.truth[:, k], same) for k in there])
    assert guess.score == pytest.approx(wanted)


def test_its_sections(subject: Subject, tmp_path: Path) -> None:
    text = write_run(subject.loaded, subject.data, tmp_path / "r.html").read_text(encoding="utf-8")
    assert text.count(">Errors</h2>") == text.count(">Worst mistakes</h2>") == 1
    assert "average precision of each label, the lowest first" in text
    assert "from a probability of 0.4 on" in text
    assert "bootstrap, over the examples" in text
    assert "“never”" not in text, "no example of the split has it"
    assert "&lt;b&gt;far" in text
    assert "<b>far" not in text


def test_nothing_wrong_and_nothing_there(subject: Subject) -> None:
    perfect = Subject(subject.loaded, subject.data, "test")
    truth = np.array([[True, False]])
    perfect.__dict__["labelled"] = made(truth, truth * 0.98 + 0.01)
    assert "No example of this split has a wrong label" in label_mistakes(perfect)
    assert "exactly the right ones" in label_errors(perfect)
    perfect.__dict__["labelled"] = made(np.zeros((3, 2), bool), np.full((3, 2), 0.01))
    assert "No example of this split has a label" in label_errors(perfect)


def test_without_a_target_there_is_nothing_to_judge(subject: Subject) -> None:
    batch = Batch({"table": torch.zeros(2, 2)}, {}, None, torch.arange(2))
    with pytest.raises(DataError, match="no target"):
        judge_labels(subject.loaded, [batch])
    with pytest.raises(DataError, match="nothing to evaluate"):
        judge_labels(subject.loaded, [])
