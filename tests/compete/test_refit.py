"""The winner trained anew on all rows that are not test: the same network, more rows, and its own kind of truth."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from weftnet.compete.competition import best_run
from weftnet.compete.refit import folder_of, refit
from weftnet.compete.rejoin import rejoined
from weftnet.data import open_data
from weftnet.data.opening import reopen
from weftnet.data.rows import RowData
from weftnet.errors import SettingError
from weftnet.run.folder import Run
from weftnet.run.loading import load
from weftnet.run.own_data import data_of
from weftnet.tasks import TASKS
from weftnet.train import Recipe, fit
from weftnet.zoo import ZOO


def table(path: Path, count: int = 120) -> Path:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(count, 3))
    y = np.where(x[:, 0] + rng.normal(size=count) > 0, "a", "b")
    lines = ["c0,c1,c2,y", *(",".join([*map(str, row), label]) for row, label in zip(x, y, strict=True))]
    path.write_text("\n".join(lines))
    return path


def rows_of(data: RowData, split: str) -> list[int]:
    return data.rows(split).tolist()


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, RowData]:
    folder = tmp_path_factory.mktemp("refit")
    data = open_data(str(table(folder / "data.csv")), target="y")
    assert isinstance(data, RowData)
    task = TASKS.get("classification").from_data(data)
    recipe = Recipe(lr=0.02, epochs=12, batch_size=8, plan="eager", clip=2.0)
    run = fit(ZOO.get("mlp")((16,)), task, data, recipe, folder / "run")
    run.record(scores={"validation": {"accuracy": 0.5}, "test": {"accuracy": 0.25}})
    return run, data


def test_training_has_the_rows_of_validation_too(trained: tuple[Run, RowData], tmp_path: Path) -> None:
    data = trained[1]
    whole = data.joined()
    assert rows_of(whole, "train") == sorted(rows_of(data, "train") + rows_of(data, "validation"))
    assert (rows_of(whole, "validation"), rows_of(whole, "test")) == ([], rows_of(data, "test"))
    assert whole.state()["preprocessing"] == data.state()["preprocessing"]
    again = reopen(whole.state())
    assert isinstance(again, RowData)
    assert all(rows_of(again, split) == rows_of(whole, split) for split in data.sizes)
    with pytest.raises(SettingError, match="no validation rows"):
        whole.joined()


def test_a_refit_is_that_training_on_more_rows(trained: tuple[Run, RowData], tmp_path: Path) -> None:
    """Bit for bit what a training of that length on the joined rows gives."""
    run, data = trained
    new = refit(run, data, tmp_path / "new")
    step, whole = run.json("metrics.json")["step"], data.joined()
    want = round(step * (102 // 8) / (84 // 8))
    assert (new.status, new.steps) == ("finished", want)
    assert new.facts.refit is not None
    assert (new.facts.refit.run, new.facts.refit.step) == ("run", step)
    assert new.facts.refit.scores == {"validation": {"accuracy": 0.5}, "test": {"accuracy": 0.25}}
    assert set(new.facts.scores or {}) == {"test"}
    task = TASKS.get("classification").from_data(data)
    recipe = Recipe(lr=0.02, steps=want, batch_size=8, plan="eager", clip=2.0, keep="last")
    other = fit(ZOO.get("mlp")((16,)), task, whole, recipe, tmp_path / "other")
    one, two = load(new).model.state_dict(), load(other).model.state_dict()
    assert all(torch.equal(one[name], two[name]) for name in two)
    assert data_of(load(new), None).sizes == whole.sizes


def test_fit_with_refit(tmp_path: Path) -> None:
    from weftnet.cli.commands.fit import fit_command
    from weftnet.compete.entering import FitOptions

    options: dict[str, Any] = {"data": {"target": "y"}, "archs": ["mlp", "linear"], "jobs": 1}
    recipe = {"steps": 6, "plan": "eager"}
    result = fit_command(
        FitOptions(str(table(tmp_path / "t.csv")), recipe=recipe, out=tmp_path / "r", refit=True, **options)
    )
    assert result is not None
    assert result.best is not None
    assert result.best.name.endswith("-refit")
    assert "102 rows that are not test" in result.reason
    assert best_run(tmp_path / "r") == result.best
    assert folder_of(tmp_path / "r" / result.outcomes[0].folder).parent == result.best.parent
    assert {outcome.folder for outcome in result.outcomes} == {"mlp-seed0", "linear-seed0"}
    again = rejoined(tmp_path / "r")
    assert again is not None
    assert again.best == result.best
    fit_command(FitOptions(str(tmp_path / "t.csv"), recipe=recipe, out=tmp_path / "r", replace=True, **options))
    assert not list((tmp_path / "r").glob("*-refit"))


def test_a_refit_that_is_stopped_leaves_all_as_it_was(
    trained: tuple[Run, RowData], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from weftnet.cli.commands import fit as command
    from weftnet.compete import refit as module
    from weftnet.compete.entering import FitOptions

    def stop(folder: Path, data: RowData) -> Run:
        assert (folder / "run.json").is_file()
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "resume", stop)
    with pytest.raises(KeyboardInterrupt):
        refit(*trained, tmp_path / "new")
    assert not (tmp_path / "new").exists()
    options: dict[str, Any] = {"data": {"target": "y"}, "archs": ["linear"], "jobs": 1, "refit": True}
    recipe = {"steps": 2, "plan": "eager"}
    with pytest.raises(KeyboardInterrupt):
        command.fit_command(FitOptions(str(table(tmp_path / "t.csv")), recipe=recipe, out=tmp_path / "r", **options))
    assert best_run(tmp_path / "r") == tmp_path / "r" / "linear-seed0"
    assert (tmp_path / "r" / "report.html").is_file()


def test_what_follows_in_order_is_refused_before_it_is_trained(tmp_path: Path) -> None:
    lines = ["v", *map(str, np.sin(np.arange(300)))]
    (tmp_path / "s.csv").write_text("\n".join(lines))
    with pytest.raises(SettingError, match="only independent rows"):
        open_data(tmp_path / "s.csv", horizon=4, context=8).joined()
