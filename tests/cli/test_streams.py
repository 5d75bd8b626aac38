"""Ctrl-C at any moment and whatever standard output is: a status and a line, never a traceback."""

import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from weftnet.cli import _end, _streams, main
from weftnet.errors import DataError

#: what a command does at a moment at which Ctrl-C is pressed: while it is imported, and deep in its work
IMPORTING = """
import builtins, os, signal
own, pressed = builtins.__import__, []
def late(name, *rest, **more):
    if name == "typer" and not pressed:
        pressed.append(name)
        os.kill(os.getpid(), signal.SIGINT)
    return own(name, *rest, **more)
builtins.__import__ = late
"""
WORKING = """
import functools, os, signal, weftnet.cli._app
command = weftnet.cli._app.app.registered_commands[4]
@functools.wraps(command.callback)
def worked(**_):
    try:
        exec("os.kill(os.getpid(), signal.SIGINT)")
    except KeyboardInterrupt:
        ENDS
command.callback = worked
"""
MOMENTS = {
    "importing": IMPORTING,
    "in evaluated text": WORKING.replace("ENDS", "raise"),
    "turned into an error": WORKING.replace("ENDS", "raise ImportError('half of it') from None"),
}


def weftnet(*command: str, **more: object) -> "subprocess.CompletedProcess[str]":
    words = [sys.executable, "-m", "weftnet", *command]
    return subprocess.run(words, text=True, timeout=60, check=False, **{"stderr": subprocess.PIPE, **more})  # type: ignore[call-overload]


@pytest.mark.parametrize("moment", MOMENTS)
def test_ctrl_c_while_a_command_is_imported_or_works(moment: str) -> None:
    script = f"{MOMENTS[moment]}\nimport sys; sys.argv = ['weftnet', 'zoo']; from weftnet.cli import main; main()"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "stopped\n")


def test_a_full_disk_behind_standard_output() -> None:
    with Path("/dev/full").open("w") as full:
        done = weftnet("zoo", "--json", stdout=full)
    assert (done.returncode, done.stderr) == (1, "the output can't be written: No space left on device\n")


def test_a_pipe_that_nobody_reads() -> None:
    read, write = os.pipe()
    os.close(read)
    done = weftnet("zoo", "--json", stdout=write)
    os.close(write)
    assert done.stderr == ""
    assert done.returncode in (1, 141)  # typer's own, or ours


def test_closed_output_and_no_file_in_its_place(tmp_path: Path) -> None:
    """A file that is opened later must not get the number of standard output, and with it what is printed."""
    shell = f"exec {sys.executable} -m weftnet draw lenet -i image:1x28x28 -o x.mmd >&- 2>&-"
    assert subprocess.run(["sh", "-c", shell], cwd=tmp_path, timeout=120, check=False).returncode == 0
    assert (tmp_path / "x.mmd").read_text().startswith("flowchart")


def test_ascii_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    written = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written, encoding="ascii"))
    monkeypatch.setattr(sys, "stderr", io.TextIOWrapper(io.BytesIO(), encoding="ascii"))
    _streams.prepare()
    told = {"name": "2 × 3, 𝒙, \udcff"}
    print(json.dumps(told, ensure_ascii=False), flush=True)
    assert json.loads(written.getvalue().decode("ascii")) == told


@pytest.mark.parametrize("command", ["report", "fit", "check", "data"])
def test_a_name_of_300_letters(
    command: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["weftnet", command, "n" * 300])
    with pytest.raises(SystemExit, match="1"):
        main()
    errors = capsys.readouterr().err
    assert "Traceback" not in errors
    assert "nnn" in errors


def test_what_ends_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    before = signal.getsignal(signal.SIGINT)
    cases = [
        (DataError("is wrong", where="a.csv"), 1, "a.csv: is wrong"),
        (PermissionError(13, "Permission denied", "b.csv"), 1, "b.csv: can't be used: Permission denied"),
        (KeyboardInterrupt(), 130, "stopped"),
    ]
    for error, status, text in cases:
        with pytest.raises(SystemExit) as ended:
            _end(error)
        assert (ended.value.code, capsys.readouterr().err) == (status, f"{text}\n")
    with pytest.raises(ZeroDivisionError):  # a mistake of weftnet's keeps its traceback
        _end(ZeroDivisionError())
    signal.signal(signal.SIGINT, before)
    assert _streams.is_of_output(BrokenPipeError(32, "Broken pipe"))
