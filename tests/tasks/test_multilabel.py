"""Multilabel: metrics and loss are scikit-learn's and torch's, labels come through from a table to answers."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from sklearn.metrics import accuracy_score, average_precision_score, f1_score, hamming_loss
from torch import nn

import weftnet
from weftnet.architecture.signal import parse
from weftnet.compete.choosing import choose
from weftnet.compete.propose import propose
from weftnet.data import open_data
from weftnet.data.batch import Batch
from weftnet.errors import ArchitectureError, DataError, SettingError
from weftnet.run.loading import load
from weftnet.tasks.multilabel.task import Multilabel
from weftnet.train.recipe import Recipe
from weftnet.zoo import ZOO

NAMES = ["a", "b", "c", "d"]


class Given(nn.Module):
    """A network that gives what is put in."""

    def forward(self, inputs: Any, masks: Any = None) -> torch.Tensor:
        return inputs["x"]


def batches(scores: np.ndarray, truth: np.ndarray, size: int) -> list[Batch]:
    rows = torch.arange(len(scores))
    pairs = zip(
        torch.from_numpy(scores).split(size), torch.from_numpy(truth).split(size), rows.split(size), strict=True
    )
    return [Batch({"x": x}, {}, {"y": y.float()}, r) for x, y, r in pairs]


@pytest.mark.parametrize("seed", range(4))
def test_metrics_are_sklearns(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth = (rng.random((53, 4)) < [0.5, 0.2, 0.05, 0.9]).astype(int)
    truth[0] = 1  # every label occurs
    scores = np.round(rng.normal(size=(53, 4)) + truth, 1)  # with ties
    task = Multilabel(NAMES, threshold=0.6)
    found = task.evaluate(nn.ModuleDict({"network": Given()}), batches(scores, truth, 10))
    answer = (1 / (1 + np.exp(-scores)) >= 0.6).astype(int)
    expected = {
        "loss": F.binary_cross_entropy_with_logits(torch.tensor(scores), torch.tensor(truth).double()).item(),
        "mean_average_precision": average_precision_score(truth, scores, average="macro"),
        "micro_f1": f1_score(truth, answer, average="micro", zero_division=0),
        "macro_f1": f1_score(truth, answer, average="macro", zero_division=0),
        "subset_accuracy": accuracy_score(truth, answer),
        "hamming": hamming_loss(truth, answer),
    }
    assert found == pytest.approx(expected, abs=1e-12)


def test_labels_that_do_not_occur() -> None:
    task, model = Multilabel(NAMES), nn.ModuleDict({"network": Given()})
    scores = np.random.default_rng(0).normal(size=(9, 4))
    truth = np.zeros((9, 4), int)
    assert task.evaluate(model, batches(scores - 9, truth, 4))["mean_average_precision"] == 0
    truth[:3, 1] = 1
    found = task.evaluate(model, batches(scores, truth, 4))["mean_average_precision"]
    assert found == pytest.approx(average_precision_score(truth[:, 1], scores[:, 1]))


def test_weights_are_balanced() -> None:
    data = open_data(table(), target="tags", kinds={"tags": "labels"})
    task = Multilabel.from_data(data, pos_weight="balanced")
    truth = torch.cat([batch.target for batch in data.batches("train", 7)])
    logits = torch.randn(truth.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    batch = Batch({"x": logits}, {}, {"y": truth}, torch.arange(len(truth)))
    ((_, loss),) = task.losses(nn.ModuleDict({"network": Given()}), batch, torch.Generator())
    p, t = logits.sigmoid(), truth.double()
    weight = (1 - t).sum(0) / t.sum(0)
    assert loss.item() == pytest.approx(-(weight * t * p.log() + (1 - t) * (1 - p).log()).mean().item())
    at_zero = weight * t + (1 - t)
    assert at_zero.mul(t).sum(0).tolist() == pytest.approx((1 - t).sum(0).tolist()), "both sides weigh alike"


def table(count: int = 240) -> dict[str, Any]:
    """Labels that follow from two numbers: right, high, and none."""
    rng = np.random.default_rng(1)
    along, up = rng.normal(size=(2, count))
    tags = [
        ";".join(["right"] * (x > 0) + ["high"] * (y > 0) + ["far"] * (x * x + y * y > 2))
        for x, y in zip(along.tolist(), up.tolist(), strict=True)
    ]
    return {"along": along, "up": up, "tags": tags}


def test_from_a_table_to_answers(tmp_path: Path) -> None:
    """Trained from a column of words, answered from the folder alone, the same by torch and by NumPy."""
    columns = table()
    data = open_data(columns, target="tags", kinds={"tags": "labels"})
    assert choose(data).name == "multilabel"
    assert any("have no label" in note for note in data.notes)
    task = Multilabel.from_data(data)
    assert task.labels == ["far", "high", "right"]
    recipe = Recipe(epochs=25, lr=0.02, batch_size=32)
    run = weftnet.train_run(ZOO.get("mlp")(widths=[16]), task, data, recipe, tmp_path / "run")
    loaded = load(run)
    found = loaded.metrics(data, "test")
    assert found["micro_f1"] > 0.9, found
    answers = loaded.predict({"along": [1.5, -1.5, 0.1], "up": [1.5, -0.1, -0.1]})
    assert answers[0]["labels"] == ["far", "high", "right"]
    assert set(answers[1]["probabilities"]) == set(task.labels)
    outputs = loaded.outputs(loaded.encode({"along": [1.5], "up": [1.5]}))
    shares = list(answers[0]["probabilities"].values())
    assert shares == pytest.approx(outputs.double().sigmoid()[0].tolist(), abs=1e-6)


def test_lists_of_words_are_inferred() -> None:
    columns = table()
    columns["tags"] = [[word for word in words.split(";") if word] for words in columns["tags"]]
    data = open_data(columns, target="tags")
    assert choose(data).name == "multilabel"
    assert data.target.labels == ["far", "high", "right"]


def test_heads() -> None:
    task = Multilabel(NAMES)
    for text in ("vector:7", "image:2x5x6", "series:9x3"):
        assert task.head("network", parse(text), None)[-1].settings == {"dim": 4}
    assert task.head("network", parse("vector:4"), "dense") == ()
    assert task.head("network", parse("vector:9"), "sigmoid"), "a hidden layer like any other"
    for block, text in (("sigmoid", "remove the sigmoid"), ("softmax", "decided by itself")):
        with pytest.raises(ArchitectureError, match=text):
            task.head("network", parse("vector:4"), block)


def test_proposals() -> None:
    for text in ("vector:7", "image:1x28x28", "tokens:20,vocabulary=300,padded", "series:40x7"):
        candidates = propose({"x": parse(text)}, "multilabel")
        assert candidates
        assert not any(candidate.settings for candidate in candidates), "label smoothing is for classes"


@pytest.mark.parametrize(
    ("settings", "text"),
    [
        ({"labels": []}, "not distinct"),
        ({"labels": ["a", "a"]}, "not distinct"),
        ({"labels": NAMES, "threshold": 1.0}, "threshold is out of range"),
        ({"labels": NAMES, "pos_weight": [1, 2]}, r"4 positive numbers"),
        ({"labels": NAMES, "pos_weight": "balanced"}, r"where the data are at hand"),
        ({"labels": NAMES, "pos_weight": [1, 2, 3, 0]}, r"4 positive numbers"),
    ],
)
def test_bad_settings(settings: dict[str, Any], text: str) -> None:
    with pytest.raises(SettingError, match=text):
        Multilabel(**settings)


def test_bad_data() -> None:
    columns = table()
    with pytest.raises(DataError, match=r"of another kind(.|\n)*--kind up=labels"):
        Multilabel.from_data(open_data(columns, target="up"))
    columns["tags"] = ["all"] * 120 + ["all;x"] * 120
    with pytest.raises(DataError, match=r"can't be weighted(.|\n)*all"):
        Multilabel.from_data(open_data(columns, target="tags", kinds={"tags": "labels"}), pos_weight="balanced")
    columns["tags"] = ["b;a", " a ; b"] * 120
    with pytest.raises(DataError, match="same in every row"):
        open_data(columns, target="tags", kinds={"tags": "labels"})
