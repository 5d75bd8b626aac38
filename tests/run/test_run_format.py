"""Runs that earlier versions wrote go on to load, to answer and to score the same."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from weftnet.data import open_data
from weftnet.data.opening import DIGITS, reopen
from weftnet.errors import DataError
from weftnet.run.folder import FORMAT, Run
from weftnet.run.loading import load

FIXTURES = Path(__file__).parents[1] / "fixtures"
KEPT = [path.parent for path in sorted(FIXTURES.glob("run_format_*/*/run.json"))]


def test_there_are_runs_of_every_format() -> None:
    assert {path.parent.name for path in KEPT} == {f"run_format_{number}" for number in range(1, FORMAT + 1)}
    assert {path.name for path in KEPT if path.parent.name == f"run_format_{FORMAT}"} == {"digits", "table", "text"}
    for folder in KEPT:
        assert sum(file.stat().st_size for file in folder.rglob("*")) < 30_000


@pytest.mark.parametrize("folder", KEPT, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_answers_and_scores_stay(folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From a copy of the folder alone; the data are looked for where it says, and only to score."""
    known = json.loads(folder.with_suffix(".json").read_text(encoding="utf-8"))
    run = Run.open(shutil.copytree(folder, tmp_path / "elsewhere"))
    run.verify()
    assert len(run.history) == 15
    loaded = load(run)
    raw = {name: _array(values) for name, values in known["raw"].items()}
    for found, wanted in zip(loaded.predict(raw), known["answers"], strict=True):
        assert found == _near(wanted)
    monkeypatch.chdir(folder.parent)
    data = reopen(run.json("data.json"))
    assert data.fingerprint == run.document["data"]["fingerprint"]
    for split, scores in known["scores"].items():
        assert loaded.metrics(data, split) == pytest.approx(scores, rel=1e-5)


def test_the_data_may_lie_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    state = Run.open(KEPT[0].parent / "table").json("data.json")
    with pytest.raises(DataError, match="no such file"):
        reopen(state)
    source = shutil.copy(KEPT[0].parent / "people.csv", tmp_path / "moved.csv")
    assert reopen(state, source).sizes == open_data(source, target="price").sizes


def test_digits_are_where_they_were() -> None:
    assert DIGITS.is_file()


def _array(values: list[Any]) -> Any:
    import numpy as np

    return np.array(values, np.uint8) if isinstance(values[0], list) else values


def _near(answer: dict[str, Any]) -> Any:
    """An answer whose numbers may differ by 1e-5: another version of torch sums in another order."""
    return {
        name: pytest.approx(value, abs=1e-5, rel=1e-5) if isinstance(value, dict | float) else value
        for name, value in answer.items()
    }
