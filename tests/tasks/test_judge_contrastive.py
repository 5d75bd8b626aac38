"""The judge of a contrastive training agrees with its scores, and says where vectors have collapsed."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from judging import figures

from weftnet.architecture.spec import Architecture, Block, Chain
from weftnet.base.figures import Histogram, Paragraph
from weftnet.data import open_data
from weftnet.run.judging import judge
from weftnet.run.loading import Loaded, load
from weftnet.tasks import TASKS
from weftnet.train import Recipe, fit


def trained(folder: Path, data: Any) -> Loaded:
    task = TASKS.get("contrastive").from_data(data)
    nodes = Chain((Block("flatten"), Block("dense", {"dim": 8})))
    return load(fit(Architecture({"network": nodes}), task, data, Recipe.for_task(task, steps=30), folder))


def test_the_judge_agrees_with_the_metrics(tmp_path: Path) -> None:
    data = open_data("digits")
    loaded = trained(tmp_path / "run", data)
    judgement, metrics = judge(loaded, data, "test"), loaded.metrics(data, "test")
    loss, apart = (each for each in figures(judgement, "Views") if isinstance(each, Histogram))
    assert loss.values.mean() == pytest.approx(metrics["loss"], rel=1e-5)
    assert (apart.values**2).mean() == pytest.approx(metrics["alignment"], rel=1e-5)
    assert judgement.worst is not None
    assert [case.place for case in judgement.worst.cases] == np.argsort(-loss.values, kind="stable")[:12].tolist()
    assert judgement.interval is not None
    assert judgement.interval.low < metrics["retrieval"] < judgement.interval.high
    assert judgement.baseline is not None
    assert judgement.baseline.score == pytest.approx(1 / data.sizes["test"])


def test_a_collapse_is_named(tmp_path: Path) -> None:
    data = open_data("digits")
    loaded = trained(tmp_path / "run", data)
    with torch.no_grad():
        for name, parameter in loaded.model.named_parameters():
            parameter.fill_(1.0 if name.endswith("bias") else 0.0)
    (told,) = (each for each in figures(judge(loaded, data, "test"), "Views") if isinstance(each, Paragraph))
    assert "they have collapsed" in str(told.words)
