"""`weftnet plan`: what was tried for the training, and for answers."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from weftnet.architecture.spec import Architecture, Block, Chain
from weftnet.cli._output import Output
from weftnet.cli.commands.plan import plan_command
from weftnet.data import open_data
from weftnet.errors import DamagedCheckpoint, RunError, WeftnetError
from weftnet.execution.plan import Plan
from weftnet.run.folder import Run
from weftnet.tasks import TASKS
from weftnet.train import Recipe, fit

TRIED: list[dict[str, Any]] = [
    {"plan": Plan(fold_norms=True).to_dict(), "verdict": "taken", "seconds": 2e-4, "ratio": 1.25, "difference": 2e-7},
    {"plan": Plan().to_dict(), "verdict": "not tried", "seconds": None, "ratio": None, "difference": None},
]
ANSWERS = {
    "threads": 2,
    "seconds": 1.5,
    "sizes": [
        {"batch": 1, "source": "measured", "plan": Plan(fold_norms=True).to_dict(), "tried": TRIED},
        {"batch": 64, "source": "too short to measure", "plan": None, "tried": []},
    ],
}


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Run:
    data = open_data("digits")
    task = TASKS.get("classification").from_data(data)
    network = Architecture.of(Chain((Block("flatten"), Block("dense", {"dim": 8}), Block("batch_norm"))))
    return fit(network, task, data, Recipe(steps=3), tmp_path_factory.mktemp("plan") / "run")


@pytest.fixture
def run(trained: Run, tmp_path: Path) -> Run:
    """A copy of the trained run, whose record a test may change."""
    return Run.open(shutil.copytree(trained.folder, tmp_path / "run"))


def test_both_tables_are_shown(run: Run, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "140")
    run.record(answers=ANSWERS)
    plan_command(run.folder, Output())
    printed = capsys.readouterr().out
    training, one, many = printed.split("answers, batch ")
    assert training.splitlines()[0].endswith("– too short to measure")
    assert one.splitlines()[:2] == ["1", "fold norms – measured"]
    assert ["fold", "norms", "200", "µs", "1.25", "×", "2.0e-07", "taken"] in [
        line.split() for line in one.splitlines()
    ]
    assert many.splitlines()[:2] == ["64", "eager – too short to measure"]
    assert many.splitlines()[-1] == "measured in 1.5 s, in turns, on 2 threads"


def test_json_holds_both(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    plan_command(run.folder, Output(as_json=True))
    printed = json.loads(capsys.readouterr().out)
    assert printed["source"] == "too short to measure"
    assert printed["answers"] == Run.open(run.folder).document["answers"]


def test_a_run_of_an_earlier_version_shows_the_plan_of_its_training(
    run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    del run.document["answers"]
    run.record()
    for as_json in (False, True):
        plan_command(run.folder, Output(as_json))
        assert "answers" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("facts", "kind", "message"),
    [
        ({"plan": None}, RunError, "has no plan"),
        ({"plan": {"plan": {}, "source": "given", "tried": []}}, DamagedCheckpoint, "'plan: seconds' is wrong"),
        ({"plan": {"plan": {}, "source": 3, "tried": [], "seconds": 1}}, DamagedCheckpoint, "'plan: source' is wrong"),
        (
            {"plan": {"plan": {}, "source": "", "tried": [{}], "seconds": 1}},
            DamagedCheckpoint,
            "'plan: tried: 1: plan' is wrong",
        ),
        ({"answers": ANSWERS | {"threads": "x"}}, DamagedCheckpoint, "'answers: threads' is wrong"),
        (
            {"answers": ANSWERS | {"sizes": [{"batch": 1, "plan": None}]}},
            DamagedCheckpoint,
            "'answers: sizes: 1: source' is wrong",
        ),
        ({"answers": ANSWERS | {"sizes": 3}}, DamagedCheckpoint, "'answers: sizes' is wrong"),
        ({"plan": {"plan": {"a": 1}, "source": "", "tried": [], "seconds": 1}}, WeftnetError, "no field is called 'a'"),
    ],
)
def test_what_cannot_be_read(run: Run, facts: Any, kind: type[WeftnetError], message: str) -> None:
    path = run.folder / "run.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | facts))
    with pytest.raises(kind, match=message):
        plan_command(run.folder, Output())
