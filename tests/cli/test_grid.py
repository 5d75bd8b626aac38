"""The grid of tasks, networks and stages: cells come from running the commands."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from weftnet.cli import app
from weftnet.cli._output import Output
from weftnet.cli.commands import grid
from weftnet.cli.commands.grid_stages import Broken, Row, weftnet
from weftnet.errors import SettingError, UnknownName, WeftnetError
from weftnet.tasks import TASKS


def test_what_a_stage_raises_is_a_reason_or_a_fault() -> None:
    def refused() -> str:
        raise SettingError("gan has no explanation", got="not applicable, because it answers nothing")

    def failed() -> str:
        raise WeftnetError("the file is damaged")

    def broken() -> str:
        raise ZeroDivisionError("division by zero")

    assert grid.tried(lambda: "3 answers") == ("works", "3 answers")
    assert grid.tried(refused) == ("not applicable", "because it answers nothing")
    assert grid.tried(failed) == ("fault", "the file is damaged")
    assert grid.tried(broken) == ("fault", "ZeroDivisionError: division by zero")


def test_a_command_that_fails_is_told(tmp_path: Path) -> None:
    with pytest.raises(WeftnetError, match="there is no such folder"):
        weftnet("report", tmp_path / "nothing")
    (tmp_path / "net.yaml").write_text("- dens: {dim: 3}\n")
    with pytest.raises(Broken, match="ended with status 1"):
        weftnet("check", tmp_path / "net.yaml", "-i", "vector:3", "--no-time")


@pytest.mark.parametrize(
    "task", [pytest.param(task, marks=[] if task == "regression" else pytest.mark.slow) for task in TASKS.names()]
)
def test_no_task_has_a_fault(task: str) -> None:
    """One of them by default: the others take minutes together."""
    done = CliRunner().invoke(app, ["grid", "--task", task, "--fast", "--json"])
    cells = json.loads(done.stdout)["cells"]
    assert not [cell for cell in cells if cell["verdict"] == "fault"]
    assert all(cell["why"] for cell in cells if cell["verdict"] == "not applicable")
    assert {cell["stage"] for cell in cells} == set(grid.STAGES) - {"compress"}
    assert done.exit_code == 0


def test_another_answer_than_that_of_predict_is_a_fault(tmp_path: Path) -> None:
    nothing: Any = None
    row = Row("regression", "example", nothing, nothing, {}, nothing, tmp_path)
    lines = [{"row": 1, "value": 2.0}, {"row": 2, "value": 3.0}]
    (tmp_path / "answers.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    row._same([{"value": 2.0}, {"value": 3.0 + 1e-5}])
    row._same([{"value": 2.0}])
    for wrong in ([{"value": 2.1}], [{"value": 2.0}, {"value": 2.0}], [{}]):
        with pytest.raises(Broken, match="another than predict's"):
            row._same(wrong)
    for answers in ([], [{"value": 2.0}] * 3):
        with pytest.raises(Broken, match="answers are missing"):
            row._same(answers)


def test_a_misspelt_task_is_an_error() -> None:
    with pytest.raises(UnknownName, match="no task is called 'clasification'"):
        grid.grid_command(["clasification"], [], True, Output())


@pytest.mark.parametrize(("words", "wanted"), [
    ([], ([], [], False, Output())),
    (["--task", "gan", "--task", "regression", "--family", "mlp", "--fast", "--json"],
     (["gan", "regression"], ["mlp"], True, Output(as_json=True))),
])  # fmt: skip
@pytest.mark.parametrize("sound", [True, False])
def test_the_command_passes_its_options_on_and_fails_with_a_fault(
    words: list[str], wanted: tuple[object, ...], sound: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []
    monkeypatch.setattr("weftnet.cli.commands.grid.grid_command", lambda *given: asked.append(given) or sound)
    assert CliRunner().invoke(app, ["grid", *words]).exit_code == (0 if sound else 1)
    assert asked == [wanted]


def test_a_plugin_that_is_not_there_is_an_error_before_anything_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("weftnet.cli.commands.grid.grid_command", lambda *given: pytest.fail("it ran"))
    done = CliRunner().invoke(app, ["grid", "--plugin", "nowhere.py"])
    assert isinstance(done.exception, WeftnetError)
