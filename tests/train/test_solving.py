"""A training by a solver leaves a run like any other, also after a kill; it takes no steps."""

from pathlib import Path

import pytest

from weftnet.architecture.reading import from_dict
from weftnet.base import tensors
from weftnet.data import open_data
from weftnet.errors import SettingError
from weftnet.run.folder import Run
from weftnet.run.loading import load
from weftnet.solvers import SOLVERS
from weftnet.tasks import TASKS
from weftnet.train import Recipe, fit, resume
from weftnet.train.listeners._listener import Listener

NETWORK = from_dict({"chain": ["flatten"]})
RECIPE = Recipe(solver="logistic", solver_settings={"penalty": 0.1}, budget=100.0)


class Told(Listener):
    def __init__(self) -> None:
        self.told: list[str] = []

    def start(self, start: object) -> None:
        self.told.append("start")

    def after_evaluation(self, line: object) -> None:
        self.told.append("evaluation")

    def end(self, result: object) -> None:
        self.told.append(result.status)  # type: ignore[attr-defined]


def test_it_leaves_a_whole_run(tmp_path: Path) -> None:
    data = open_data("digits")
    task, told = TASKS.get("classification").from_data(data), Told()
    run = fit(NETWORK, task, data, RECIPE, tmp_path / "run", listeners=[told])
    assert (run.status, run.steps, told.told) == ("finished", 1, ["start", "evaluation", "finished"])
    (line,) = Run.open(run.folder).history
    assert line["validation"]["accuracy"] > 0.9
    again = load(run.folder).evaluated(data, "validation")[0]
    assert again["accuracy"] == pytest.approx(line["validation"]["accuracy"])
    assert Recipe.from_dict(run.json("recipe.json")) == RECIPE


def test_killed_while_it_solves_it_solves_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data = open_data("digits")
    task = TASKS.get("classification").from_data(data)
    whole = fit(NETWORK, task, data, RECIPE, tmp_path / "whole")

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setitem(SOLVERS._entries, "logistic", killed)
        patch.setattr("weftnet.train.recipe.check_settings", lambda *_: None)
        with pytest.raises(KeyboardInterrupt):
            fit(NETWORK, task, data, RECIPE, tmp_path / "killed")
    assert Run.open(tmp_path / "killed").status == "stopped"
    assert resume(tmp_path / "killed").status == "finished"
    first, second = (tensors.load(folder / "weights.safetensors") for folder in (whole.folder, tmp_path / "killed"))
    assert all((first[name] == second[name]).all() for name in first)


def test_the_recipe_is_checked() -> None:
    with pytest.raises(SettingError, match="no solver is called 'logistics'"):
        Recipe(solver="logistics")
    with pytest.raises(SettingError, match="logistic has no setting 'penalties'"):
        Recipe(solver="logistic", solver_settings={"penalties": 1})
