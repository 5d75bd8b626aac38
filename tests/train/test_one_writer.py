"""One writer a run, seen with real processes: the second is told who holds it, and workers end with their launcher."""

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from parallel_commands import FIT, ended, equal, wait_for, weftnet
from parallel_workers import ENVIRONMENT
from training_fakes import SCENES, go

from weftnet.base import lock
from weftnet.errors import RunError
from weftnet.run.folder import Run
from weftnet.train import resume
from weftnet.train.worker import LAUNCHER

HOLD = """
import sys, time
from pathlib import Path
from weftnet.base import lock
with lock.held(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""
WORKER = "import time; from weftnet.train.worker import end_with_launcher; end_with_launcher(); time.sleep(60)"
CUT_OFF = """
import sys
from pathlib import Path
from weftnet.train.worker import no_failure_of_an_orphan
try:
    with no_failure_of_an_orphan():
        input()
except EOFError:
    Path(sys.argv[1]).touch()
"""
LAUNCHING = f"""
import os, subprocess, sys, time
os.environ |= {{"RANK": "0", "WORLD_SIZE": "2", {LAUNCHER!r}: str(os.getpid())}}
worker = subprocess.Popen([sys.executable, "-c", *sys.argv[1:]], stdin=subprocess.PIPE)
print(worker.pid, flush=True)
sys.stdin.read()
worker.stdin.close()
time.sleep(60)
"""


def launched(*worker: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", LAUNCHING, *worker]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def until(holds: Callable[[], object], seconds: float) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def lives(process: int) -> bool:
    """Whether a process runs; one that has ended and that nobody has waited for does not."""
    try:
        return not re.search(r"^State:\s+Z", Path(f"/proc/{process}/status").read_text(encoding="utf-8"), re.M)
    except OSError:
        return False


def children(process: int) -> set[int]:
    """The processes below one, python's own helpers among them."""
    found = set()
    for path in Path(f"/proc/{process}/task").glob("*/children"):
        for child in map(int, path.read_text(encoding="utf-8").split()):
            found |= {child, *children(child)}
    return found


@pytest.mark.slow
def test_the_second_writer_is_told_who_holds_the_run(tmp_path: Path) -> None:
    model, task, recipe = SCENES["one optimiser"]
    go(tmp_path / "run", recipe, model(), task)
    Run.open(tmp_path / "run").record(status="stopped")
    before = (tmp_path / "run" / "run.json").read_bytes()
    holder = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path / "run")], stdout=subprocess.PIPE, text=True)
    with holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        with pytest.raises(RunError, match=rf"another process writes here\n +got: process {holder.pid} on ."):
            resume(tmp_path / "run")
        assert (tmp_path / "run" / "run.json").read_bytes() == before
        holder.kill()
    assert lock.note(tmp_path / "run") is not None  # stale now: the lock went with its process
    with lock.held(tmp_path / "run"):
        pass


def test_a_worker_ends_with_its_launcher() -> None:
    with launched(WORKER) as launcher:
        assert launcher.stdout is not None
        worker = int(launcher.stdout.readline())
        launcher.kill()
        until(lambda: not lives(worker), 10)


@pytest.mark.parametrize("killed", [True, False])
def test_a_lost_connection_is_a_failure_unless_the_launcher_was_killed(killed: bool, tmp_path: Path) -> None:
    with launched(CUT_OFF, str(tmp_path / "failed")) as launcher:
        assert launcher.stdout is not None
        assert launcher.stdin is not None
        worker = int(launcher.stdout.readline())
        launcher.kill() if killed else launcher.stdin.close()
        until(lambda: not lives(worker), 10)
        launcher.kill()
    assert (tmp_path / "failed").exists() is not killed


@pytest.mark.slow
def test_two_resume_at_once(tmp_path: Path) -> None:
    fit = [*FIT, "--steps", "300", "--jobs", "1"]
    whole = ended(weftnet(*fit, "--out", "whole", folder=tmp_path))
    assert whole[0] == 0, whole
    first = weftnet(*fit, "--out", "run", folder=tmp_path)
    checkpoints = tmp_path / "run/mlp-seed0/checkpoints"
    wait_for(lambda: list(checkpoints.glob("0*")), first)
    first.kill()
    ended(first)
    both = [weftnet("resume", "run/mlp-seed0", folder=tmp_path) for _ in range(2)]
    (status, _, _), (other, _, errors) = sorted(map(ended, both))
    assert (status, other) in ((0, 1), (0, 0))  # the second came while the first wrote, or after it
    if other:
        assert "another process writes here" in errors
        assert re.search(r"got: process \d+ on ", errors)
    assert Run.open(tmp_path / "run/mlp-seed0").status == "finished"
    equal(tmp_path / "whole/mlp-seed0", tmp_path / "run/mlp-seed0")


@pytest.mark.slow
@pytest.mark.parametrize("how", [["--workers", "2"], ["--arch", "linear", "--jobs", "2"]])
@pytest.mark.parametrize("moment", ["at the start", "while training"])
def test_no_process_outlives_a_killed_command(how: list[str], moment: str, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "weftnet", *FIT, "--steps", "1000000", *how, "--out", "run"]
    process = subprocess.Popen(command, cwd=tmp_path, env=ENVIRONMENT, stdout=subprocess.PIPE, text=True)
    if moment == "while training":
        wait_for(lambda: list(tmp_path.glob("run/*/checkpoints/0*")), process)
    else:
        wait_for(lambda: len(children(process.pid)) >= 2, process)
    below = children(process.pid)
    assert len(below) >= 2
    process.kill()
    process.communicate(timeout=60)
    until(lambda: not any(map(lives, below)), 15)
    assert lock.note(tmp_path / "run") is None or lock.free(tmp_path / "run")
    for run in tmp_path.glob("run/*/run.json"):
        assert json.loads(run.read_text())["status"] in ("created", "training")
    assert not os.path.lexists(tmp_path / "run/.weftnet-new-competition.json")
