"""Killed at any moment and resumed, a training ends with the same weights, bit for bit."""

import json
import os
import random
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from training_fakes import SCENES, Data, go, weights

from weftnet.errors import DamagedCheckpoint, RunError
from weftnet.run.folder import Run
from weftnet.train.checkpoint import Checkpoints

_whole: dict[str, dict[str, torch.Tensor]] = {}


def uninterrupted(scene: str, folder: Path) -> dict[str, torch.Tensor]:
    if scene not in _whole:
        model, task, recipe = SCENES[scene]
        outcome = go(folder / "whole", recipe, model(), task)
        assert outcome.status == "finished"
        _whole[scene] = weights(folder / "whole")
    return _whole[scene]


def in_child(body: Callable[[], Any]) -> int:
    """Run in another process, forked from this one; return its process id."""
    pid = os.fork()
    if pid:
        return pid
    try:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        body()
        os._exit(0)
    except KeyboardInterrupt:
        os._exit(130)
    except BaseException:
        import traceback

        traceback.print_exc()
        os._exit(1)


def child_status(pid: int) -> int:
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def same(folder: Path, scene: str, tmp_path: Path) -> None:
    want, got = uninterrupted(scene, tmp_path), weights(folder)
    assert want.keys() == got.keys()
    for name, tensor in want.items():
        assert torch.equal(tensor, got[name]), name


@pytest.mark.slow
@pytest.mark.parametrize("scene", SCENES)
def test_killed_at_random_moments(scene: str, tmp_path: Path) -> None:
    uninterrupted(scene, tmp_path)
    model, task, recipe = SCENES[scene]
    folder, draw, kills, longest = tmp_path / "run", random.Random(scene), 0, 0.15
    for _ in range(20):
        pid = in_child(lambda: go(folder, recipe, model(), task))
        deadline = time.monotonic() + draw.uniform(0.2, 1.0) * longest
        while time.monotonic() < deadline:
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                break
            time.sleep(0.002)
        else:
            os.kill(pid, signal.SIGKILL)
            status = os.waitpid(pid, 0)[1]
        if os.waitstatus_to_exitcode(status) == 0:
            if kills:
                break
            shutil.rmtree(folder)  # on a fast machine it was over before it could be killed: sooner, then
            longest /= 2
            continue
        assert os.waitstatus_to_exitcode(status) == -signal.SIGKILL
        kills += 1
        if not (folder / "run.json").exists():
            shutil.rmtree(folder, ignore_errors=True)
    if not (folder / "weights.safetensors").exists():
        go(folder, recipe, model(), task)
    assert kills
    same(folder, scene, tmp_path)


@pytest.mark.parametrize("nth", [1, 2, 3, 5, 8, 13, 17])
def test_killed_at_a_file_operation(nth: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Before the n-th rename or flush after step 20: while checkpoint and history are written."""
    scene = "one optimiser"
    uninterrupted(scene, tmp_path)
    model, task, recipe = SCENES[scene]
    folder, armed, calls = tmp_path / "run", [], []

    def deadly(function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any) -> Any:
            if armed:
                calls.append(1)
                if len(calls) == nth:
                    os.kill(os.getpid(), signal.SIGKILL)
            return function(*arguments)

        return call

    def body() -> None:
        monkeypatch.setattr(os, "replace", deadly(os.replace))
        monkeypatch.setattr(os, "fsync", deadly(os.fsync))
        go(folder, recipe, model(), task, Data(hook=lambda batch: armed.append(1) if batch >= 40 else None))

    assert child_status(in_child(body)) == -signal.SIGKILL
    go(folder, recipe, model(), task)
    same(folder, scene, tmp_path)


@pytest.mark.parametrize("scene", SCENES)
def test_control_c(scene: str, tmp_path: Path) -> None:
    uninterrupted(scene, tmp_path)
    model, task, recipe = SCENES[scene]
    folder = tmp_path / "run"

    def interrupt(batch: int) -> None:
        if batch == 12 * recipe.accumulate:
            os.kill(os.getpid(), signal.SIGINT)

    def body() -> None:
        outcome = go(folder, recipe, model(), task, Data(hook=interrupt))
        assert outcome.status == "stopped"
        assert outcome.message == f"stopped after step 13 of 40; continue with: weftnet resume {folder}"
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler

    assert child_status(in_child(body)) == 0
    assert Run.open(folder).status == "stopped"
    assert not (folder / "weights.safetensors").exists()
    assert go(folder, recipe, model(), task).status == "finished"
    assert Run.open(folder).status == "finished"
    same(folder, scene, tmp_path)


def test_control_c_twice(tmp_path: Path) -> None:
    model, task, recipe = SCENES["one optimiser"]

    def interrupt(batch: int) -> None:
        if batch == 20:
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)

    pid = in_child(lambda: go(tmp_path / "run", recipe, model(), task, Data(hook=interrupt)))
    assert child_status(pid) == 130
    assert Run.open(tmp_path / "run").status == "stopped"
    go(tmp_path / "run", recipe, model(), task)
    same(tmp_path / "run", "one optimiser", tmp_path)


class Stop(Exception):
    pass


def broken_off(folder: Path, scene: str = "one optimiser") -> None:
    """A run that ended with an error in its 24th step."""
    model, task, recipe = SCENES[scene]

    def stop(batch: int) -> None:
        if batch == 23 * recipe.accumulate:
            raise Stop

    with pytest.raises(Stop):
        go(folder, recipe, model(), task, Data(hook=stop))
    assert Run.open(folder).status == "failed"
    assert sorted(path.name for path in (folder / "checkpoints").iterdir()) == ["00000022", "00000023"]


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-5])


def flip(path: Path) -> None:
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 4
    path.write_bytes(raw)


def other_number(path: Path) -> None:
    """Valid JSON with another step."""
    path.write_text(path.read_text().replace('"step": 23', '"step": 24', 1))


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("state.safetensors", truncate),
        ("state.safetensors", flip),
        ("state.safetensors", Path.unlink),
        ("state.safetensors", lambda path: path.write_bytes(b"")),
        ("state.json", truncate),
        ("state.json", flip),
        ("state.json", other_number),
        ("state.json", Path.unlink),
        ("state.json", lambda path: path.write_text("[1, 2]")),
        ("state.json", lambda path: path.write_bytes(b"\xff\xfe")),
    ],
)
def test_damaged_checkpoint_is_refused_by_name(name: str, damage: Callable[[Path], Any], tmp_path: Path) -> None:
    broken_off(tmp_path / "run")
    damage(tmp_path / "run" / "checkpoints" / "00000023" / name)
    saved, complaints = Checkpoints(tmp_path / "run" / "checkpoints").newest()
    assert saved is not None
    assert saved.step == 22
    assert [str(complaint).split(":")[0] for complaint in complaints] == [
        str(tmp_path / "run" / "checkpoints" / "00000023" / name)
    ]
    assert (tmp_path / "run" / "checkpoints" / "damaged-00000023").is_dir()
    model, task, recipe = SCENES["one optimiser"]
    go(tmp_path / "run", recipe, model(), task)
    same(tmp_path / "run", "one optimiser", tmp_path)


def test_damage_is_reported(tmp_path: Path) -> None:
    from weftnet.train.listeners._listener import Listener

    class Notes(Listener):
        def __init__(self) -> None:
            self.notes: list[str] = []

        def note(self, text: str) -> None:
            self.notes.append(text)

    broken_off(tmp_path / "run")
    flip(tmp_path / "run" / "checkpoints" / "00000023" / "state.safetensors")
    model, task, recipe = SCENES["one optimiser"]
    go(tmp_path / "run", recipe, model(), task, listeners=[show := Notes()])
    assert "00000023/state.safetensors: its checksum is wrong" in show.notes[0]
    assert "the checkpoint before it is used" in show.notes[0]


def test_no_checkpoint_is_good(tmp_path: Path) -> None:
    broken_off(tmp_path / "run")
    for place in (tmp_path / "run" / "checkpoints").iterdir():
        truncate(place / "state.safetensors")
    model, task, recipe = SCENES["one optimiser"]
    for _ in range(2):  # and it stays so
        with pytest.raises(DamagedCheckpoint, match="no checkpoint is good"):
            go(tmp_path / "run", recipe, model(), task)


def test_checkpoint_of_another_model(tmp_path: Path) -> None:
    broken_off(tmp_path / "run")
    _, task, recipe = SCENES["one optimiser"]
    from training_fakes import plain

    with pytest.raises(RunError, match="checkpoint 23: doesn't fit this model and recipe"):
        go(tmp_path / "run", recipe, plain(), task)


def test_history_has_no_gaps_and_no_duplicates(tmp_path: Path) -> None:
    broken_off(tmp_path / "run")
    with (tmp_path / "run" / "history.jsonl").open("a") as file:
        file.write(json.dumps({"step": 28}) + "\n")  # written after the last checkpoint, then killed
    model, task, recipe = SCENES["one optimiser"]
    go(tmp_path / "run", recipe, model(), task)
    uninterrupted("one optimiser", tmp_path)
    fields = ("step", "epoch", "lr", "loss", "validation")
    lines = [{name: line[name] for name in fields} for line in Run.open(tmp_path / "run").history]
    assert [line["step"] for line in lines] == [7, 14, 21, 28, 35, 40]
    model2, task2, recipe2 = SCENES["one optimiser"]
    go(tmp_path / "again", recipe2, model2(), task2)
    assert lines == [{name: line[name] for name in fields} for line in Run.open(tmp_path / "again").history]
