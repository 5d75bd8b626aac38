"""The judge of masked tokens agrees with its score, and its baseline is each token's frequency."""

from pathlib import Path

import numpy as np
import pytest
import torch
from judging import figures

from weftnet.architecture.reading import from_dict
from weftnet.base.figures import Histogram
from weftnet.data import open_data
from weftnet.run.judging import judge
from weftnet.run.loading import load
from weftnet.tasks import EXAMPLES, TASKS
from weftnet.train import Recipe, fit


def test_the_judge_agrees_with_the_metrics(tmp_path: Path) -> None:
    example = EXAMPLES.get("masked")(tmp_path)
    data = open_data(example.source, **example.options)
    task = TASKS.get("masked").from_data(data)
    recipe = Recipe.for_task(task, steps=5, plan="eager")
    loaded = load(fit(from_dict(example.architecture), task, data, recipe, tmp_path / "run", device="cpu"))
    judgement, metrics = judge(loaded, data, "test"), loaded.metrics(data, "test")
    assert judgement.interval is not None
    assert judgement.interval.low < metrics["nats_per_token"] < judgement.interval.high
    (drawn,) = (each for each in figures(judgement, "Errors") if isinstance(each, Histogram))
    assert judgement.worst is not None
    assert [case.place for case in judgement.worst.cases] == np.argsort(-drawn.values, kind="stable")[:12].tolist()
    counts = np.ones(task.vocabulary)
    for batch in data.batches("train", 64):
        np.add.at(counts, batch.inputs["tokens"][batch.masks["tokens"]].numpy(), 1)
    (batch,) = data.batches("test", 512)
    _, tokens, chosen = task.hide(batch, torch.Generator().manual_seed(0))
    expected = -np.log(counts / counts.sum())[tokens[chosen].numpy()].mean()
    assert judgement.baseline is not None
    assert judgement.baseline.score == pytest.approx(expected)
