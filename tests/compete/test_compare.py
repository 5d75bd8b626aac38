"""Runs side by side, from folders that were never trained."""

import json
from pathlib import Path

import pytest

from weftnet.base.significance import paired
from weftnet.compete.compare import Comparison, compare
from weftnet.errors import RunError
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
    run.record(status="finished", seconds=2.0, scores={split: {metric: score} for split in ("validation", "test")})
    return folder


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
    assert validation.p == pytest.approx(paired([0.10, 0.09, 0.12]))
    assert validation.clear
    json.dumps(result.data())


def test_many_rows_ask_for_more(tmp_path: Path) -> None:
    """A lead that is clear between two rows is not among six."""
    close = [0.88, 0.90, 0.875]
    alone = several(tmp_path / "two", {"a": [0.90, 0.91, 0.90], "b": close})
    others = {f"c{i}": [score - 0.001 * i for score in close] for i in range(5)}
    among = several(tmp_path / "six", {"a": [0.90, 0.91, 0.90], **others})
    p = alone.differences[0].p
    assert p is not None
    corrected = [each.p for each in among.differences if each.split == "validation"]
    assert len(corrected) == 5
    assert min(corrected) > p
    raw = [paired([b - o for b, o in zip([0.90, 0.91, 0.90], row, strict=True)]) for row in others.values()]
    by_hand = sorted(each or 0.0 for each in raw)
    assert min(corrected) == pytest.approx(min(1.0, 5 * by_hand[0]))


def test_one_seed_decides_nothing(tmp_path: Path) -> None:
    result = several(tmp_path, {"a": [0.9], "b": [0.1]})
    assert [(each.p, each.clear) for each in result.differences] == [(None, False)] * 2


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
