"""Runs and exports that earlier versions wrote go on to load, to answer and to score the same.

Those of format 1 were written when the package had another name, which they hold among the versions.
"""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from weftnet.answer.runner import open_export
from weftnet.cli import main
from weftnet.data import open_data
from weftnet.data.opening import reopen
from weftnet.data.sources.digits import DIGITS
from weftnet.errors import DataError
from weftnet.run.folder import FORMAT, Run
from weftnet.run.loading import load

FIXTURES = Path(__file__).parents[1] / "fixtures"
FORMAT_1 = FIXTURES / "run_format_1"
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


@pytest.fixture
def weftnet(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """The command line: what it prints; a failure is an error."""

    def run(*arguments: str) -> str:
        monkeypatch.setattr(sys, "argv", ["weftnet", *arguments])
        with pytest.raises(SystemExit) as end:
            main()
        printed, errors = capfd.readouterr()
        assert not end.value.code, errors
        return printed

    return run


@pytest.fixture
def table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of a run that was written under the old name, in the working folder beside its data."""
    shutil.copy(FORMAT_1 / "people.csv", tmp_path)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = Path(shutil.copytree(FORMAT_1 / "table", tmp_path / "table"))
    assert "netloom" in Run.open(folder).facts.versions
    return folder


def test_an_old_run_is_evaluated_and_answers_by_the_command_line(weftnet: Callable[..., str], table: Path) -> None:
    known = json.loads((FORMAT_1 / "table.json").read_text(encoding="utf-8"))
    evaluated = json.loads(weftnet("evaluate", "table", "--json"))
    assert evaluated["metrics"] == pytest.approx(known["scores"]["test"], rel=1e-5)
    weftnet("predict", "table", "people.csv", "--out", "answers.jsonl")
    answers = [json.loads(line) for line in Path("answers.jsonl").read_text(encoding="utf-8").splitlines()]
    values = [answer["value"] for answer in answers[: len(known["answers"])]]
    assert values == pytest.approx([answer["value"] for answer in known["answers"]], rel=1e-5)


def test_an_old_run_is_resumed_by_the_command_line(weftnet: Callable[..., str], table: Path) -> None:
    assert "nothing to resume" in weftnet("resume", "table")
    run = Run.open(table)
    history = run.history
    document = {name: value for name, value in run.document.items() if name != "scores"} | {"status": "stopped"}
    (table / "run.json").write_text(json.dumps(document), encoding="utf-8")
    assert "rmse" in weftnet("resume", "table")
    resumed = Run.open(table)
    assert (resumed.status, len(resumed.history)) == ("finished", len(history))
    assert resumed.facts.plan is not None
    assert resumed.facts.scores is not None
    assert resumed.facts.versions == run.facts.versions


def test_an_old_export_answers(tmp_path: Path) -> None:
    """The sources that travelled with it are left out of the fixture: this version's runner reads the rest."""
    pytest.importorskip("onnxruntime")
    known = json.loads((FORMAT_1 / "table.json").read_text(encoding="utf-8"))
    folder = Path(shutil.copytree(FIXTURES / "export_format_1" / "table", tmp_path / "export"))
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    assert "netloom" in manifest["run"]["versions"]
    manifest["files"] = {name: sum_ for name, sum_ in manifest["files"].items() if not name.startswith("runner/")}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    for answer, wanted in zip(open_export(folder).predict(known["raw"]), known["answers"], strict=True):
        assert answer == _near(wanted)


@pytest.mark.parametrize("folder", KEPT, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_architectures_name_no_project(folder: Path) -> None:
    assert not {"netloom", "weftnet"} & set((folder / "architecture.yaml").read_text(encoding="utf-8").split())


def _array(values: list[Any]) -> Any:
    import numpy as np

    return np.array(values, np.uint8) if isinstance(values[0], list) else values


def _near(answer: dict[str, Any]) -> Any:
    """An answer whose numbers may differ by 1e-5: another version of torch sums in another order."""
    return {
        name: pytest.approx(value, abs=1e-5, rel=1e-5) if isinstance(value, dict | float) else value
        for name, value in answer.items()
    }
