"""The ensemble of a competition teaches one of its networks, which joins the leaderboard."""

from pathlib import Path

import pytest
import torch

from weftnet.base.files import read_json
from weftnet.cli.commands.fit import fit_command
from weftnet.compete.distilled import distilled, student_of
from weftnet.compete.ensemble import write
from weftnet.compete.entering import FitOptions
from weftnet.data import open_data
from weftnet.errors import SettingError
from weftnet.run.folder import Run
from weftnet.run.loading import load
from weftnet.tasks import TASKS
from weftnet.train import Recipe, fit
from weftnet.train.teacher.asked import Teacher
from weftnet.train.teacher.asking import ask
from weftnet.zoo import ZOO


def test_the_teacher_is_the_mean_of_its_members(tmp_path: Path) -> None:
    data = open_data("digits")
    task = TASKS.get("classification").from_data(data)
    recipe = {"steps": 12, "plan": "eager"}
    runs = [
        fit(
            ZOO.get("mlp")(widths=[width]), task, data, Recipe.for_task(task, **recipe, seed=width),
            tmp_path / f"m{width}", device="cpu",
        )
        for width in (8, 12)
    ]  # fmt: skip
    ensemble = write({str(runs[0].folder): 1, str(runs[1].folder): 3}, data, tmp_path / "both")
    known = ask(Teacher((str(ensemble.folder),)), task, data).answers["known"]
    batch = next(data.batches("train", 16))
    place = torch.searchsorted(data.rows("train"), batch.rows)
    one, two = (load(run).outputs(batch) for run in runs)
    assert isinstance(one, torch.Tensor)
    assert isinstance(two, torch.Tensor)
    torch.testing.assert_close(known[place], one / 4 + two * 3 / 4, rtol=1e-4, atol=1e-5)
    assert student_of(ensemble).folder == runs[1].folder
    new = distilled(student_of(ensemble), ensemble, data, tmp_path / "new")
    assert [each.name for each in new.facts.teachers] == ["both"]
    assert new.steps == 12
    assert new.facts.scores


def test_it_joins_the_leaderboard(tmp_path: Path) -> None:
    options = FitOptions(
        "digits", archs=["mlp"], seeds=(0, 1, 2), jobs=1, out=tmp_path / "all", ensemble=True, distil=True,
        recipe={"steps": 60, "plan": "eager"}, baselines=False,
    )  # fmt: skip
    fit_command(options)
    document = read_json(tmp_path / "all" / "competition.json")
    named = {each["name"]: each for each in document["outcomes"]}
    assert "ensemble" in named
    run = Run.open(tmp_path / "all" / named["mlp_distilled"]["folder"])
    assert [each.name for each in run.facts.teachers] == ["ensemble"]
    assert named["mlp_distilled"]["validation"]["accuracy"] > 0.5
    assert "taught by the ensemble" in document["candidates"]["mlp_distilled"]["why"]


def test_it_needs_an_ensemble(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="add --ensemble"):
        fit_command(FitOptions("digits", archs=["mlp"], out=tmp_path / "all", distil=True, recipe={"steps": 2}))
