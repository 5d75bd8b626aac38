"""Metrics by name beside the task's own: weftnet's, those of torchmetrics, and which one decides."""

from pathlib import Path

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score

from weftnet.architecture.spec import Architecture, Block
from weftnet.data import open_data
from weftnet.errors import SettingError, UnknownName
from weftnet.metrics._make import make
from weftnet.run.loading import load
from weftnet.tasks._scoring import Scoring
from weftnet.tasks.classification.task import Classification
from weftnet.tasks.regression.task import Regression
from weftnet.train import Recipe, fit

TASK = Classification(["a", "b", "c"])


def test_a_run_computes_records_and_is_decided_by_named_metrics(tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    x = draw.normal(size=(120, 4)).astype(np.float32)
    data = open_data({"x": x, "y": np.array(["a", "b", "c"])[x[:, :3].argmax(1)]})
    task = Classification.from_data(data)
    names = ["torchmetrics.MulticlassF1Score", "balanced_accuracy"]
    recipe = Recipe(steps=30, lr=0.05, metrics=names, score="torchmetrics.MulticlassF1Score", evaluate_every="10 steps")
    run = fit(Architecture.of([Block("dense", {"dim": 8}), Block("relu")]), task, data, recipe, tmp_path / "run")
    loaded = load(run)
    assert (loaded.scoring.score, loaded.scoring.better) == ("torchmetrics.MulticlassF1Score", "max")
    metrics = loaded.metrics(data, "test")
    (batch,) = data.batches("test", 512)
    answer = loaded.outputs(batch).argmax(1)
    wanted = f1_score(batch.target, answer, average="macro")
    assert metrics["torchmetrics.MulticlassF1Score"] == pytest.approx(wanted, abs=1e-6)
    assert metrics["macro_f1"] == pytest.approx(wanted)
    assert run.facts.task.metrics == tuple(names)


def test_a_metric_that_is_there_already_is_not_computed_twice() -> None:
    names = [each.name for each in Scoring(TASK, ["accuracy", "perplexity"], "perplexity").metrics()]
    assert names == ["loss", "accuracy", "balanced_accuracy", "macro_f1", "perplexity"]


@pytest.mark.parametrize(
    "name", ["torchmetrics.Metric", "torchmetrics.os", "torchmetrics.functional.accuracy", "accurcy"]
)
def test_only_metrics_have_names(name: str) -> None:
    with pytest.raises((UnknownName, SettingError)):
        make(name, TASK.facts())


def test_what_a_metric_needs_and_a_task_does_not_have() -> None:
    with pytest.raises(SettingError, match="can't be made"):
        make("torchmetrics.MulticlassF1Score", Regression().facts())
    several = make("torchmetrics.MulticlassConfusionMatrix", TASK.facts())
    several.update(torch.eye(3), torch.arange(3))
    with pytest.raises(SettingError, match="gives several numbers"):
        several.compute()


def test_what_has_no_direction_cannot_decide() -> None:
    with pytest.raises(SettingError, match=r"mean can't decide[\s\S]*expected: loss, accuracy"):
        Scoring(TASK, (), "mean")
    with pytest.raises(UnknownName):
        Scoring(TASK, (), "nothing")
