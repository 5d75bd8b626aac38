"""Workers under the launcher: killed and replaced, stopped, their errors reported; the same command under torchrun."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import parallel_workers
import pytest
from parallel_commands import FIT, ended, equal, wait_for, weftnet
from parallel_workers import ENVIRONMENT, free_port

from weftnet.errors import SettingError, TrainingError, WeftnetError
from weftnet.run.folder import Run
from weftnet.train.launching import check_workers, launch
from weftnet.train.worker import ERRORS, mark_started, reported_error, restarted_midway


def start(job: str, folder: Path, **settings: object) -> None:
    """A job of `parallel_workers` under the launcher."""
    launch([job, str(folder), json.dumps(settings)], 2, [parallel_workers.__file__])


@pytest.mark.slow
@pytest.mark.parametrize("shard", [False, True])
def test_a_killed_worker_is_replaced_and_nothing_is_lost(
    shard: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed during step 15: the weights are those of two workers that were not killed, bit for bit."""
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    work = {"name": "one optimiser", "shard": shard}
    start("everything", tmp_path, killed=["scene", work | {"kill": 29}], whole=["scene", work])
    equal(tmp_path / "whole", tmp_path / "killed")


@pytest.mark.slow
def test_workers_that_always_fail(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr("weftnet.train.launching.RESTARTS", 0)
    with pytest.raises(TrainingError, match=r"(?s)ended with exit status 1, after 0 restarts.*KeyError: 'no such job'"):
        start("no such job", tmp_path)


@pytest.mark.parametrize(
    ("workers", "jobs", "shard", "text"),
    [
        (2, 2, False, "only one network can be trained at a time"),
        (0, None, False, "at least 1"),
        (None, None, True, "fix: add --workers 2"),
    ],
)
def test_options_that_exclude_each_other(workers: int | None, jobs: int | None, shard: bool, text: str) -> None:
    with pytest.raises(SettingError, match=text):
        check_workers(workers, jobs, shard)


def test_whether_workers_were_restarted_midway(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mark_started()
    for name, value in {"RANK": "0", "WORLD_SIZE": "2", "TORCHELASTIC_RESTART_COUNT": "0"}.items():
        monkeypatch.setenv(name, value)
    assert not restarted_midway()
    monkeypatch.setenv("TORCHELASTIC_RESTART_COUNT", "1")
    assert restarted_midway()  # torchrun's workers
    monkeypatch.setenv(ERRORS, str(tmp_path))
    assert not restarted_midway()
    mark_started()
    assert restarted_midway()
    assert not reported_error()


@pytest.mark.slow
def test_the_command_line(tmp_path: Path) -> None:
    """One process and two give the same evaluations; so does torchrun with an agent for each of two hosts."""
    one = weftnet(*FIT, "--epochs", "2", "--out", "one", folder=tmp_path)
    code, printed, errors = ended(one)
    assert code == 0, errors
    code, printed, errors = ended(weftnet(*FIT, "--epochs", "2", "--workers", "2", "--out", "two", folder=tmp_path))
    assert code == 0, errors
    assert printed.count("finished after step 38 of 38") == 1
    hosts = _torchrun(["-m", "weftnet", *FIT, "--epochs", "2", "--out", "hosts"], tmp_path)
    for code, _, errors in map(ended, hosts):
        assert code == 0, errors
    want, *others = (Run.open(tmp_path / name / "mlp-seed0").history for name in ("one", "two", "hosts"))
    assert len(want) == 2
    for lines in others:
        assert [line["step"] for line in lines] == [line["step"] for line in want]
        for line, other in zip(want, lines, strict=True):
            assert other["loss"] == pytest.approx(line["loss"], rel=1e-4)
            assert other["validation"] == pytest.approx(line["validation"], abs=5e-3)
    equal(tmp_path / "two" / "mlp-seed0", tmp_path / "hosts" / "mlp-seed0")


def _torchrun(command: Sequence[str], folder: Path) -> list["subprocess.Popen[str]"]:
    """Two agents of one worker each."""
    place = f"--rdzv-endpoint=127.0.0.1:{free_port()}"
    words = ["--nnodes=2", "--nproc-per-node=1", "--rdzv-backend=c10d", "--rdzv-id=test", place, *command]
    hosts = []
    for host in range(2):
        pipe, run = subprocess.PIPE, [sys.executable, "-m", "torch.distributed.run", *words]
        own = ["--local-addr=127.0.0.1"]
        hosts.append(
            subprocess.Popen(
                [*run[:3], *own, *run[3:]], cwd=folder, env=ENVIRONMENT, stdout=pipe, stderr=pipe, text=True
            )
        )
        time.sleep(0.1 * host)
    return hosts


@pytest.mark.slow
def test_control_c_and_resumed(tmp_path: Path) -> None:
    process = weftnet(*FIT, "--steps", "5000", "--workers", "2", "--out", "run", folder=tmp_path)
    run = tmp_path / "run" / "mlp-seed0"
    wait_for(lambda: any((run / "checkpoints").glob("0*")), process)
    os.kill(process.pid, signal.SIGINT)
    code, printed, errors = ended(process)
    assert code == 130
    assert errors.strip() == "stopped"
    assert "continue with: weftnet resume run/mlp-seed0" in printed
    assert Run.open(run).status == "stopped"
    step = int(max(path.name for path in (run / "checkpoints").iterdir()))
    assert 0 < step < 5000
    Run.open(run).record(steps=step + 20)  # a short rest
    code, printed, errors = ended(weftnet("resume", str(run), "--workers", "3", "--shard", folder=tmp_path))
    assert code == 0, errors
    assert Run.open(run).status == "finished"
    assert Run.open(run).document["shard"] is True


@pytest.mark.slow
def test_errors_are_reported_once(tmp_path: Path) -> None:
    cases = {
        ("fit", "digits", "--arch", "mpl"): "did you mean 'mlp'",
        (*FIT, "--steps", "9", "--set", "batch_size=1"): "a batch has fewer rows than there are workers",
        (*FIT, "--steps", "900", "--set", "lr=1.0e+30", "--set", "optimiser=gd"): "the loss of network is",
    }
    for command, text in cases.items():
        code, printed, errors = ended(weftnet(*command, "--workers", "2", folder=tmp_path))
        assert code == 1
        assert text in " ".join(errors.split())
        assert "Traceback" not in errors + printed


@pytest.mark.slow
def test_a_worker_of_the_command_killed(tmp_path: Path) -> None:
    whole = weftnet(*FIT, "--steps", "600", "--workers", "2", "--out", "whole", folder=tmp_path)
    assert ended(whole)[0] == 0
    process = weftnet(*FIT, "--steps", "600", "--workers", "2", "--out", "killed", folder=tmp_path)
    wait_for(lambda: any((tmp_path / "killed" / "mlp-seed0" / "checkpoints").glob("0*")), process)
    workers = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    assert len(workers) == 2
    os.kill(int(workers[0]), signal.SIGKILL)
    code, printed, errors = ended(process)
    assert code == 0, errors
    assert "a worker ended: all were restarted" in printed
    equal(tmp_path / "whole" / "mlp-seed0", tmp_path / "killed" / "mlp-seed0")


@pytest.mark.slow
def test_killed_before_it_started_it_does_not_continue_an_earlier_competition(tmp_path: Path) -> None:
    old = weftnet(*FIT, "--steps", "20", "--jobs", "1", "--out", "run", folder=tmp_path)
    assert ended(old)[0] == 0
    process = weftnet(*FIT, "--steps", "20", "--workers", "2", "--out", "run", folder=tmp_path)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children")
    wait_for(lambda: len(children.read_text().split()) == 2, process)
    os.kill(int(children.read_text().split()[0]), signal.SIGKILL)
    code, printed, errors = ended(process)
    assert code == 1
    assert "the folder is not empty" in errors
    assert "finished" not in printed


@pytest.mark.slow
def test_an_error_of_weftnet_is_raised_as_it_was_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in ENVIRONMENT.items():
        monkeypatch.setenv(name, value)
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(WeftnetError, match="is no run folder"):
        launch(["resume", str(tmp_path)], 2)
    assert signal.getsignal(signal.SIGTERM) is before
