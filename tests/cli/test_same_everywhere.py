"""Options that are the same everywhere, and what is said of those that there are not."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from weftnet.cli import app
from weftnet.errors import SettingError
from weftnet.train.worker import DEVICE, own_device


def said(*command: str, code: int = 0) -> str:
    result = CliRunner().invoke(app, list(command), env={"COLUMNS": "200", "TERM": "dumb"})
    assert result.exit_code == code, result.output
    return re.sub(r"[\s│]+", " ", result.output)


@pytest.mark.parametrize("command", [each.name for each in app.registered_commands])
def test_help_is_short_too(command: str) -> None:
    assert "Usage: weftnet" in said(command, "-h").replace("Usage: root", "Usage: weftnet")


@pytest.mark.parametrize(
    ("option", "meant"),
    [
        ("--lr", "--set lr="),
        ("--batch-size", "--set batch_size="),
        ("--learning-rate", "--set lr="),
        ("--optimizer", "--set optimiser="),
        ("--context", "--data-set context="),
        ("--label-smoothing", "--task-set label_smoothing="),
        ("--model", "--arch"),
        ("--label", "--target"),
        ("--patiense", "--set patience="),
        ("--epoch", "--epochs"),
    ],
)
def test_an_unknown_option_is_told_what_is_meant(option: str, meant: str) -> None:
    assert meant in said("fit", option, "1", code=2)


def test_an_option_that_nobody_can_guess_is_only_refused() -> None:
    told = said("fit", "--qqqq", "1", code=2)
    assert "--qqqq" in told
    assert "mean" not in told
    assert "--budget" not in said("check", "lenet", "--time-limit", "1", code=2)


def test_several_files_are_checked(tmp_path: Path) -> None:
    good, bad, no = (tmp_path / name for name in ("good.yaml", "bad.yaml", "no.yaml"))
    good.write_text("- dense: {dim: 3}")
    bad.write_text("- dens: {dim: 3}")
    no.write_text("- [")
    files = [str(good), str(bad), str(no)]
    told = said("check", *files, "--input", "vector:4", "--no-time", code=1)
    assert told.index("good.yaml") < told.index("bad.yaml") < told.index("no.yaml")
    assert "did you mean 'dense'?" in told
    result = CliRunner().invoke(app, ["check", *files, "--input", "vector:4", "--no-time", "--json"])
    document = json.loads(result.output)
    assert list(document) == files
    assert not document[str(good)]["faults"]
    assert len(document[str(bad)]["faults"]) == 1
    assert "error" in document[str(no)]
    said("check", str(good), "lenet", "--input", "vector:4", "--no-time", code=1)
    said("check", str(good), str(good), "--input", "vector:4", "--no-time")


def test_fit_prints_one_thing_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DEVICE, "")
    short = ["fit", "digits", "-a", "linear", "--steps", "2", "--plan", "eager"]
    result = CliRunner().invoke(app, [*short, "--out", str(tmp_path / "a"), "--quiet", "--device", "cpu"])
    assert result.output == f"{tmp_path / 'a' / 'linear-seed0'}\n"
    result = CliRunner().invoke(app, [*short, "--out", str(tmp_path / "b"), "--json"])
    document = json.loads(result.output)
    kept = json.loads((tmp_path / "b" / "competition.json").read_text())
    assert document == kept | {"folder": str(tmp_path / "b")}
    assert document["best"] == "linear-seed0"


def test_a_device_that_is_not_there_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(DEVICE, "cpu")
    assert own_device() == "cpu"
    with pytest.raises(SettingError, match="no such device"):
        own_device("cuda:77")
    with pytest.raises(SettingError, match="no such device"):
        own_device("gpu")


def test_a_table_without_a_target_lists_its_columns(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("age,income\n" + "\n".join(f"{n},{n * 2}.5" for n in range(40)))
    result = CliRunner().invoke(app, ["fit", str(tmp_path / "t.csv")])
    told = str(result.exception)
    assert "one of\n    age     number, 28 different: " in told
    assert "\n    income  number, 28 different: " in told
    assert "fix: --target income (the last column); or --task " in told


def test_shells_complete() -> None:
    command = [sys.executable, "-m", "weftnet"]
    env = {**os.environ, "_WEFTNET_COMPLETE": "complete_bash", "COMP_WORDS": "weftnet fi", "COMP_CWORD": "1"}
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=100)
    assert done.stdout.split() == ["fit"]
