"""Workers on a Ray cluster of this machine train what the launcher's do, to the bit; killed, stopped, failed."""

import os
import signal
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from parallel_commands import FIT, ended, equal, wait_for, weftnet

from weftnet.cli._workers import Place
from weftnet.errors import MissingExtra, SettingError, WeftnetError
from weftnet.run.folder import Run
from weftnet.train import interrupt
from weftnet.train.on_ray import Desk, launch_on_ray

ON_RAY = ["--workers", "2", "--on", "ray"]

needs_ray = pytest.mark.skipif(find_spec("ray") is None, reason="ray is not there: pip install 'weftnet[ray]'")


def train_workers(process: int) -> list[int]:
    """The training processes among the children of a process, and their children."""
    workers = []
    for task in Path(f"/proc/{process}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            words = Path(f"/proc/{child}/cmdline").read_bytes()
            workers += [child] if words.startswith(b"ray::RayTrainWorker") else train_workers(child)
    return workers


def test_ray_is_missing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(MissingExtra, match=r"--on ray needs ray\n  fix: pip install 'weftnet\[ray\]'"):
        launch_on_ray(["fit"], 2, lambda command: None, tmp_path / "run")
    assert not any(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("place", "workers", "text"),
    [
        (Place("rye"), 2, "workers can't run there\n  expected: ray\n  got: rye"),
        (Place("ray"), None, "fix: add --workers 2"),
        (Place(None, "10.0.0.1:6379"), 2, "fix: add --on ray"),
    ],
)
def test_places_that_cannot_be(place: Place, workers: int | None, text: str) -> None:
    with pytest.raises(SettingError, match=text):
        place.check(workers)


def test_a_request_to_stop_from_another_process(monkeypatch: pytest.MonkeyPatch) -> None:
    with interrupt.Interrupt() as asked:
        assert not asked.asked
        monkeypatch.setattr(interrupt, "ELSEWHERE", interrupt.threading.Event())
        interrupt.ELSEWHERE.set()
        assert asked.asked


def test_messages_at_the_desk() -> None:
    desk = Desk()
    assert desk.take_output() == ("", False)
    assert desk.register(0) == (0, "")
    assert desk.register(1) == (0, "")
    desk.print("one\n")
    desk.print("two\n")
    assert desk.take_output() == ("one\ntwo\n", True)
    assert desk.take_output() == ("", True)
    desk.report_error("the first")
    desk.report_error("its consequence")
    assert desk.register(0) == (1, "the first")
    assert desk.ending() == ("the first", False)


@needs_ray
@pytest.mark.slow
def test_a_worker_on_ray_is_killed_and_nothing_is_lost(tmp_path: Path) -> None:
    """The launcher's two workers, neither killed, give the same weights to the bit; one process the same curve."""
    one, two = (weftnet(*FIT, "--steps", "600", "--workers", n, "--out", n, folder=tmp_path) for n in "12")
    for code, _, errors in map(ended, (one, two)):
        assert code == 0, errors
    process = weftnet(*FIT, "--steps", "600", *ON_RAY, "--out", "ray", folder=tmp_path)
    wait_for(lambda: any((tmp_path / "ray" / "mlp-seed0" / "checkpoints").glob("0*")), process)
    workers = train_workers(process.pid)
    assert len(workers) == 2
    os.kill(workers[1], signal.SIGKILL)
    code, printed, errors = ended(process)
    assert code == 0, errors
    assert "a worker ended: all were restarted (1) from the newest checkpoint" in printed
    assert printed.count("finished after step 600 of 600") == 1
    equal(tmp_path / "2" / "mlp-seed0", tmp_path / "ray" / "mlp-seed0")
    alone, several = (Run.open(tmp_path / name / "mlp-seed0").history for name in ("1", "ray"))
    assert [line["step"] for line in several] == [line["step"] for line in alone]
    for line, other in zip(alone[:2], several[:2], strict=True):
        assert other["loss"] == pytest.approx(line["loss"], rel=1e-4)
    assert not (tmp_path / ".ray-ray").exists()  # its notes
    written = [path for path in (tmp_path / "ray").rglob("*") if path.is_file()]
    assert written
    assert not [path for path in written if path.read_bytes()[:1] == b"\x80"]  # as every pickle begins


@needs_ray
@pytest.mark.slow
def test_control_c_reaches_workers_on_ray(tmp_path: Path) -> None:
    process = weftnet(*FIT, "--steps", "20000", *ON_RAY, "--out", "run", folder=tmp_path)
    run = tmp_path / "run" / "mlp-seed0"
    wait_for(lambda: any((run / "checkpoints").glob("0*")), process)
    os.kill(process.pid, signal.SIGINT)
    code, printed, errors = ended(process)
    assert code == 130, errors
    assert "continue with: weftnet resume run/mlp-seed0" in printed
    assert Run.open(run).status == "stopped"
    step = int(max(path.name for path in (run / "checkpoints").iterdir()))
    assert 0 < step < 20000
    document = Run.open(run)
    document.record(steps=step + 20)  # a short rest
    code, printed, errors = ended(weftnet("resume", str(run), *ON_RAY, "--shard", folder=tmp_path))
    assert code == 0, errors
    assert Run.open(run).status == "finished"
    assert Run.open(run).document["shard"] is True


@needs_ray
@pytest.mark.slow
def test_an_error_on_ray_is_reported_as_it_is(tmp_path: Path) -> None:
    bad = ["--steps", "900", "--set", "lr=1.0e+30", "--set", "optimiser=gd", "--out", "run"]
    code, printed, errors = ended(weftnet(*FIT, *bad, *ON_RAY, folder=tmp_path))
    assert code == 1
    assert "the loss of network is" in " ".join(errors.split())
    assert "Traceback" not in errors + printed
    assert Run.open(tmp_path / "run" / "mlp-seed0").status == "failed"


@needs_ray
@pytest.mark.slow
def test_no_cluster_there(tmp_path: Path) -> None:
    with pytest.raises(WeftnetError, match=r"there is no Ray cluster\n  got: 127.0.0.1:9: "):
        launch_on_ray(["fit"], 2, lambda command: None, tmp_path / "run", "127.0.0.1:9")
