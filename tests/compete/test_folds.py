"""Cross-validation: every row is a test row once for each seed, and the leaderboard is of folds."""

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from weftnet.base.intervals import interval
from weftnet.cli.commands.fit import fit_command
from weftnet.compete.compare import compare
from weftnet.compete.compared import render
from weftnet.compete.competition import Competition
from weftnet.compete.entering import FitOptions
from weftnet.compete.rejoin import rejoined
from weftnet.data.opening import reopen
from weftnet.errors import SettingError
from weftnet.run.folder import Run


def table(path: Path, count: int = 90) -> Path:
    rng = np.random.default_rng(0)
    x = rng.normal(size=(count, 2))
    lines = ["c0,c1,who,day,y"]
    for row, (one, two) in enumerate(x):
        label = "a" if one + rng.normal() > 0 else "b"
        lines.append(f"{one},{two},p{row % 18},{row},{label}")
    path.write_text("\n".join(lines))
    return path


def fitted(folder: Path, data: dict[str, Any] | None = None, **options: Any) -> Competition:
    result = fit_command(
        FitOptions(
            str(table(folder / "t.csv")), data={"target": "y", **(data or {})}, archs=["linear"],
            recipe={"steps": 3, "plan": "eager"}, out=folder / "r", jobs=1, folds=3, **options,
        )
    )  # fmt: skip
    assert result is not None
    return result


def test_every_row_is_tested_once_for_each_seed(tmp_path: Path) -> None:
    result = fitted(tmp_path, seeds=(0, 1))
    assert [outcome.folder for outcome in result.outcomes] == [
        f"linear-seed{seed}-fold{fold}" for fold in range(3) for seed in range(2)
    ]
    tested: dict[int, list[int]] = {0: [], 1: []}
    first = {}
    for outcome in result.outcomes:
        run = Run.open(tmp_path / "r" / outcome.folder)
        data = reopen(run.json("data.json"))
        rows = data.rows("test").tolist()
        first.setdefault(outcome.seed, rows)
        tested[outcome.seed] += rows
        assert run.facts.scores is not None
        assert run.facts.scores["test"] == outcome.test
        assert not set(rows) & {*data.rows("train").tolist(), *data.rows("validation").tolist()}
    assert sorted(tested[0]) == sorted(tested[1]) == list(range(90))
    assert first[0] != first[1]
    standing = result.standings[0]
    assert standing.test == interval([outcome.test["accuracy"] for outcome in result.outcomes])
    assert "mean of 6 folds" in result.reason
    again = rejoined(tmp_path / "r")
    assert again is not None
    assert (again.standings, again.reason) == (result.standings, result.reason)
    (row,) = (compared := compare([tmp_path / "r"])).rows
    assert (row.name, row.seeds, row.folds) == ("linear", 6, 3)
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(render(compared))
    assert "mean ± 95 % interval over folds" in (shown := console.export_text())
    assert "seeds" not in shown
    assert row.interval("test") == standing.test


def test_groups_stay_whole(tmp_path: Path) -> None:
    result = fitted(tmp_path, {"splits": {"by": "group", "column": "who"}})
    for outcome in result.outcomes:
        data: Any = reopen(Run.open(tmp_path / "r" / outcome.folder).json("data.json"))
        who = {split: set(data.raw(data.rows(split).numpy())["who"]) for split in data.sizes}
        assert not who["test"] & (who["train"] | who["validation"])


@pytest.mark.parametrize(
    ("data", "options", "says"),
    [
        ({"splits": {"by": "time", "column": "day"}}, {}, "a split by time has no folds"),
        ({}, {"refit": True}, "--refit"),
        ({}, {"ensemble": True}, "--ensemble"),
    ],
)
def test_what_does_not_go_together_is_refused_before_anything_is_trained(
    data: dict[str, Any], options: dict[str, Any], says: str, tmp_path: Path
) -> None:
    with pytest.raises(SettingError, match=says):
        fitted(tmp_path, data, **options)
    assert not (tmp_path / "r").exists()
