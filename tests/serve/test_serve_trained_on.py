"""The table that a run was trained on as an example, and what it predicts."""

import json
from pathlib import Path

import numpy as np
import pytest

from weftnet.data import open_data
from weftnet.run.predicted import predicted
from weftnet.serve.options import Options
from weftnet.serve.trained_on import Table


class Kept:
    """A run, as far as its data.json."""

    def __init__(self, state: dict[str, object]) -> None:
        self.state = json.loads(json.dumps(state))

    def json(self, name: str) -> dict[str, object]:
        assert name == "data.json"
        return dict(self.state)


def table(path: Path) -> Path:
    rows = [f"{number / 4};{'ab'[number % 2]};€{1000 + number}" for number in range(40)]
    path.write_text("x;y;price\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_the_last_row_of_a_table(tmp_path: Path) -> None:
    data = open_data(table(tmp_path / "t.csv"), target="price", delimiter=";")
    found = Table.of(Kept(data.state()))  # type: ignore[arg-type]
    assert found is not None
    assert found.example(data.preprocessing.fields) == {"x": 9.75, "y": "b"}
    target = predicted(data.state())
    assert target is not None
    assert (target.name, target.unit) == ("price", "€")


def test_the_last_rows_of_series(tmp_path: Path) -> None:
    path = tmp_path / "s.csv"
    path.write_text("day,load\n" + "".join(f"{np.datetime64('2024-01-01') + day},{day}\n" for day in range(60)))
    data = open_data(path, target="load", context=5, horizon=2, time="day")
    found = Table.of(Kept(data.state()))  # type: ignore[arg-type]
    assert found is not None
    assert found.example(data.preprocessing.fields)["load"] == [55.0, 56.0, 57.0, 58.0, 59.0]
    target = predicted(data.state())
    assert target is not None
    assert target.name == "load"


@pytest.mark.parametrize("name", ["gone.csv", "t.csv/x", "digits", ""])
def test_there_is_none(tmp_path: Path, name: str) -> None:
    data = open_data(table(tmp_path / "t.csv"), target="price", delimiter=";")
    assert Table.of(Kept({**data.state(), "source": str(tmp_path / name)})) is None  # type: ignore[arg-type]


def test_a_run_without_a_target_predicts_nothing_by_name() -> None:
    assert predicted({"preprocessing": {}, "target": None}) is None
    assert predicted({}) is None
    assert Options().host == "127.0.0.1"
