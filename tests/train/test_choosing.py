"""Which weights are kept, and when a training ends, where the recipe leaves it open."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

import weftnet
from weftnet.data import Data, open_data
from weftnet.run.folder import Run
from weftnet.tasks import TASKS
from weftnet.tasks._task import Task
from weftnet.train import Recipe, fit
from weftnet.train.choosing import FEW, PATIENCE, settled
from weftnet.train.concluding import to_be_resumed
from weftnet.train.result import TrainingResult
from weftnet.zoo import ZOO


def sized(validation: int) -> Data:
    return cast(Data, SimpleNamespace(sizes={"validation": validation}))


def task_of(name: str) -> Task:
    return cast(Task, SimpleNamespace(choice=TASKS.get(name).choice))


@pytest.mark.parametrize(
    ("name", "validation", "fields", "keep", "patience"),
    [
        ("classification", 50, {"budget": 9.0}, "loss", PATIENCE),
        ("classification", 50, {"epochs": 9}, "loss", None),
        ("classification", FEW, {"budget": 9.0}, "best", None),
        ("classification", 0, {"budget": 9.0}, "best", None),
        ("classification", 50, {"budget": 9.0, "score": "macro_f1"}, "best", PATIENCE),
        ("classification", 50, {"budget": 9.0, "keep": "last"}, "last", None),
        ("classification", 50, {"budget": 9.0, "keep": "best", "patience": 3}, "best", 3),
        ("classification", 50, {"budget": 9.0, "patience": None}, "loss", None),
        ("classification", 5000, {"keep": "loss"}, "loss", None),
        ("multilabel", 50, {}, "loss", None),
        ("regression", 50, {"budget": 9.0}, "best", PATIENCE),
        ("segmentation", 50, {}, "best", None),  # every image scores thousands of pixels
    ],
)
def test_rules(name: str, validation: int, fields: dict[str, Any], keep: str, patience: int | None) -> None:
    recipe = settled(Recipe(**fields), task_of(name), sized(validation))
    assert (recipe.keep, recipe.patience) == (keep, patience)
    assert settled(recipe, task_of(name), sized(3)) == recipe  # once is enough
    assert replace(recipe, keep="auto", patience="auto") == replace(Recipe(**fields), keep="auto", patience="auto")


def table() -> Data:
    """Two classes that overlap: a network soon knows the training rows by heart."""
    rng = np.random.default_rng(0)
    x, noise = rng.normal(size=(160, 6)), rng.normal(size=160)
    columns: dict[str, Any] = {f"c{n}": x[:, n] for n in range(6)}
    return open_data({**columns, "y": np.where(x[:, 0] + noise > 0, "a", "b")}, target="y")


def trained(folder: Path, *listeners: weftnet.Listener, **fields: Any) -> Run:
    data = table()
    task = TASKS.get("classification").from_data(data)
    recipe = Recipe(seed=2, lr=0.02, epochs=25, batch_size=16, plan="eager", **fields)
    return fit(ZOO.get("mlp")((64, 64)), task, data, recipe, folder, listeners=listeners)


@pytest.mark.parametrize("keep", ["auto", "best", "last"])
def test_weights_are_those_of_the_lowest_loss_or_the_highest_score(keep: str, tmp_path: Path) -> None:
    run = trained(tmp_path / "run", keep=keep)
    losses = [line["validation"]["loss"] for line in run.history]
    right = [line["validation"]["accuracy"] for line in run.history]
    latest = max(n for n, value in enumerate(right) if value == max(right))
    want = {"auto": int(np.argmin(losses)), "best": latest, "last": len(losses) - 1}[keep]
    assert int(np.argmin(losses)) < latest  # the rules differ here
    kept = run.json("metrics.json")
    assert kept["step"] == run.history[want]["step"]
    assert kept["validation"] == run.history[want]["validation"]
    assert run.json("recipe.json")["keep"] == {"auto": "loss"}.get(keep, keep)


def test_patience_counts_what_chooses(tmp_path: Path) -> None:
    run = trained(tmp_path / "run", patience=4)
    losses = [line["validation"]["loss"] for line in run.history]
    assert len(losses) < 25
    assert int(np.argmin(losses)) == len(losses) - 5
    assert not [*(tmp_path / "run").glob("checkpoints/*")]  # what is finished is not resumed


def test_the_reason_is_said(tmp_path: Path) -> None:
    said: list[str] = []

    class Told(weftnet.Listener):
        def end(self, result: TrainingResult) -> None:
            said.append(result.message)

    trained(tmp_path / "run", Told())
    assert "whose loss on the 24 validation examples is the lowest" in said[0]


def test_a_resumed_training_goes_on_by_the_rule_it_began_with() -> None:
    """A run of an earlier version, whose recipe says `best` and knows no patience, is kept by its score."""
    recipe = Recipe.from_dict({**Recipe(epochs=3).to_dict(), "keep": "best", "patience": None})
    assert settled(recipe, task_of("classification"), sized(20)) == recipe


@pytest.mark.parametrize(("stopped", "step", "stale", "resumed"), [
    (True, 4, 0, True), (True, 5, 0, False), (True, 4, 3, False), (False, 4, 0, False),
])  # fmt: skip
def test_what_was_stopped_before_its_end_is_to_be_resumed(stopped: bool, step: int, stale: int, resumed: bool) -> None:
    state = SimpleNamespace(stopped=stopped, step=step, out_of_patience=lambda patience: stale >= patience)
    run = SimpleNamespace(steps=5)
    assert to_be_resumed(cast(Any, state), Recipe(steps=5, patience=3), cast(Any, run)) is resumed
