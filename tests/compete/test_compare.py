"""Runs side by side, from folders that were never trained."""

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from weftnet.base.significance import crossed
from weftnet.cli import app
from weftnet.compete.compare import Comparison, compare
from weftnet.errors import DamagedCheckpoint, RunError
from weftnet.run import by_example
from weftnet.run.folder import Run


def a_run(
    folder: Path, seed: int, score: float, lr: float = 0.1, task: str = "classification", data: str = "d"
) -> Path:
    run = Run.create(
        folder, architecture="chain: []\n", recipe={"lr": lr, "seed": seed, "steps": 10},
        task={"name": task, "settings": {"labels": ["a", "b"]} if task == "classification" else {}},
        data={"fingerprint": data}, signals={}, state={}, seed=seed,
    )  # fmt: skip
    metric = {"classification": "accuracy", "regression": "rmse"}[task]
    splits = ("validation", "test")
    by_example.keep(run, metric, {split: right(score) for split in splits})
    run.record(status="finished", seconds=2.0, scores={split: {metric: score} for split in splits})
    return folder


def right(score: float) -> list[float]:
    """That many of 200 examples."""
    return [float(place < round(200 * score)) for place in range(200)]


def p_of(one: list[float], other: list[float]) -> float:
    sides = [np.array([right(score) for score in scores]).T for scores in (one, other)]
    found = crossed(sides[0] - sides[1])
    assert found is not None
    return found.p


def several(folder: Path, rows: dict[str, list[float]]) -> Comparison:
    return compare(
        [
            a_run(folder / f"{name}-seed{seed}", seed, score, lr=number + 1.0)
            for number, (name, scores) in enumerate(rows.items())
            for seed, score in enumerate(scores)
        ]
    )


def test_rows_and_leads(tmp_path: Path) -> None:
    result = several(tmp_path, {"b": [0.80, 0.82, 0.81], "a": [0.90, 0.91, 0.93]})
    assert [row.name for row in result.rows] == ["a", "b"]
    assert result.rows[0].seeds == 3
    (validation, test) = result.differences
    assert (validation.split, test.split) == ("validation", "test")
    assert validation.mean.mean == pytest.approx(0.31 / 3)
    assert validation.p == pytest.approx(p_of([0.90, 0.91, 0.93], [0.80, 0.82, 0.81]))
    assert validation.clear
    assert validation.verdict == "clear"
    json.dumps(result.data())


BEST = [0.90, 0.91, 0.90]


def test_many_rows_ask_for_more(tmp_path: Path) -> None:
    """A lead that is clear between two rows is not among six."""
    close = [0.87, 0.88, 0.87]
    alone = several(tmp_path / "two", {"a": BEST, "b": close})
    among = several(tmp_path / "six", {"a": BEST, **{f"c{i}": close for i in range(5)}})
    assert alone.differences[0].clear
    assert [each.clear for each in among.differences] == [False] * 10
    assert [each.p for each in among.differences] == pytest.approx([15 * p_of(BEST, close)] * 10)  # pairs


def test_p_is_corrected_as_holm_does(tmp_path: Path) -> None:
    """Fifteen pairs: the smallest p is multiplied by fifteen, the next by fourteen …, none is below the one before."""
    others = {f"c{i}": [score - lead for score in BEST] for i, lead in enumerate((0.02, 0.025, 0.03, 0.035, 0.05))}
    result = several(tmp_path, {"a": BEST, **others})
    corrected = {each.against: each.p for each in result.differences if each.split == "test"}
    raw = [p_of(BEST, others[name]) for name in reversed(others)]
    assert raw == sorted(raw)
    expected = np.minimum(1.0, np.maximum.accumulate([p * (15 - rank) for rank, p in enumerate(raw)]))
    assert [corrected[name] for name in reversed(others)] == pytest.approx(expected)
    assert expected[0] < raw[-1] < expected[-1]


def test_one_seed_decides_nothing(tmp_path: Path) -> None:
    result = several(tmp_path, {"a": [0.9], "b": [0.1]})
    assert [(each.p, each.clear) for each in result.differences] == [(None, False)] * 2
    assert {each.verdict for each in result.differences} == {"can't tell: one seed"}


def test_seeds_that_agree_by_chance_prove_nothing(tmp_path: Path) -> None:
    """One example of 200 more, three times over: the leads have no spread, and yet the difference is none."""
    result = several(tmp_path, {"a": [0.905] * 3, "b": [0.90] * 3})
    assert [each.verdict for each in result.differences] == ["not clear"] * 2
    assert all((each.p or 0.0) > 0.2 for each in result.differences)


def test_runs_without_scores_by_example_decide_nothing(tmp_path: Path) -> None:
    runs = [
        a_run(tmp_path / f"{name}-seed{seed}", seed, 0.5, lr) for name, lr in (("a", 1), ("b", 2)) for seed in (0, 1)
    ]
    run = Run.open(runs[0])
    run.record(files={name: sha for name, sha in run.facts.files.items() if name != by_example.FILE})
    assert {each.verdict for each in compare(runs).differences} == {"can't tell: no scores by example"}
    (runs[1] / by_example.FILE).write_text('{"accuracy": {"test": ["x"]}}')
    Run.open(runs[1]).sign(by_example.FILE)
    with pytest.raises(DamagedCheckpoint, match="scores by example"):
        compare(runs)


def test_equal_names_are_told_apart(tmp_path: Path) -> None:
    runs = [a_run(tmp_path / place / "mlp-seed0", 0, score, lr) for place, score, lr in (("x", 0.5, 1), ("y", 0.6, 2))]
    assert [row.name for row in compare(runs).rows] == ["y/mlp", "x/mlp"]


def test_the_same_seed_twice_is_one_seed(tmp_path: Path) -> None:
    runs = [a_run(tmp_path / place / "mlp-seed0", 0, 0.5) for place in "xy"]
    (row,) = compare(runs).rows
    assert (row.seeds, len(row.runs)) == (1, 2)


def test_only_what_is_alike_compares(tmp_path: Path) -> None:
    first = a_run(tmp_path / "a", 0, 0.5)
    with pytest.raises(RunError, match="only runs of one task"):
        compare([first, a_run(tmp_path / "b", 0, 0.5, task="regression")])
    with pytest.raises(RunError, match="only runs of one task"):
        compare([first, a_run(tmp_path / "c", 0, 0.5, data="other")])
    run = Run.create(
        tmp_path / "new", architecture="", recipe={}, task={"name": "gan"}, data={}, signals={}, state={}, seed=0
    )
    with pytest.raises(RunError, match="none of these runs"):
        compare([run.folder])


def test_tables_for_papers_hold_what_the_terminal_shows(tmp_path: Path) -> None:
    several(tmp_path, {"b_1": [0.80, 0.82, 0.81], "a": [0.90, 0.91, 0.93]})
    for form, first, last in (
        ("markdown", "| a | 3 | 91.33 ± 3.79 | 91.33 ± 3.79 |", "| b\\_1 | validation | 10.33 "),
        ("latex", r"\textbf{a} & \textbf{3} & \textbf{91.33 $\pm$ 3.79} &", r"b\_1 & validation & 10.33 "),
    ):
        words = ["compare", *map(str, sorted(tmp_path.iterdir())), "--format", form]
        result = CliRunner().invoke(app, words)
        assert result.exit_code == 0, result.output
        assert first in result.output
        assert last in result.output
        assert "Holm" in result.output
        assert ("toprule" in result.output) == (form == "latex")
    assert CliRunner().invoke(app, ["compare", "--format", "html", "x"]).exit_code == 2
