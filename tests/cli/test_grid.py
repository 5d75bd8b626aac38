"""The grid of tasks, networks and stages: cells come from running the commands."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from weftnet.cli import app
from weftnet.cli.commands import grid
from weftnet.errors import SettingError, UnknownName, WeftnetError


def test_what_a_stage_raises_is_a_reason_or_a_fault() -> None:
    def refused() -> None:
        raise SettingError("gan has no explanation", got="not applicable, because it answers nothing")

    def failed() -> None:
        raise WeftnetError("the file is damaged")

    def broken() -> None:
        raise ZeroDivisionError("division by zero")

    assert grid._tried(lambda: None) == ("works", "")
    assert grid._tried(refused) == ("not applicable", "because it answers nothing")
    assert grid._tried(failed) == ("fault", "the file is damaged")
    assert grid._tried(broken) == ("fault", "ZeroDivisionError: division by zero")


def test_a_command_that_fails_is_told(tmp_path: Path) -> None:
    with pytest.raises(WeftnetError, match="there is no such folder"):
        grid.weftnet("report", tmp_path / "nothing")
    (tmp_path / "net.yaml").write_text("- dens: {dim: 3}\n")
    with pytest.raises(grid.Broken, match="ended with status 1"):
        grid.weftnet("check", tmp_path / "net.yaml", "-i", "vector:3", "--no-time")


@pytest.mark.slow
def test_no_task_has_a_fault() -> None:
    done = CliRunner().invoke(app, ["grid", "--fast", "--json"])
    cells = json.loads(done.stdout)
    assert not [cell for cell in cells if cell["verdict"] == "fault"]
    assert all(cell["why"] for cell in cells if cell["verdict"] == "not applicable")
    assert done.exit_code == 0


def test_a_misspelt_task_is_an_error() -> None:
    with pytest.raises(UnknownName, match="no task is called 'clasification'"):
        grid.grid_command(["clasification"], [], fast=True, as_json=True)
