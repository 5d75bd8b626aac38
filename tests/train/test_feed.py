"""Prefetched batches: the same as without threads, bounded in number; no thread is left however a training ends."""

import io
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import torch
from PIL import Image
from pyarrow import parquet
from training_fakes import SCENES, Data, Fit, go, open_run, plain, weights

from weftnet.architecture.reading import from_dict
from weftnet.data import open_data
from weftnet.data.batch import Batch
from weftnet.errors import DataError
from weftnet.run.folder import Run
from weftnet.tasks import TASKS
from weftnet.train import Recipe, fit, resume
from weftnet.train.feed import AHEAD, Feed
from weftnet.train.listeners._listener import Listener
from weftnet.train.loop import train
from weftnet.train.state import State

LITTLE = "1MiB"
SMALL = from_dict({"chain": [{"conv2d": {"channels": 3}}, "relu", "flatten", {"dropout": {"rate": 0.2}}]})
RECIPE: dict[str, Any] = {
    "steps": 45, "batch_size": 16, "accumulate": 2, "evaluate_every": "10 steps", "checkpoint_every": 0.0, "ema": 0.9,
    "augment": [{"crop": {"padding": 1}}],
}  # fmt: skip


def pictures(path: Path) -> Path:
    """600 PNGs of 13 × 11 pixels in a Parquet file, of two classes."""
    rng, cells = np.random.default_rng(0), []
    for row in range(600):
        file = io.BytesIO()
        Image.fromarray(rng.integers(0, 128 + 127 * (row % 2), (13, 11, 3), dtype=np.uint8)).save(file, "PNG")
        cells.append(file.getvalue())
    table = pa.table({"x": cells, "y": [f"class {row % 2}" for row in range(600)]})
    parquet.write_table(table, path / "a.parquet", row_group_size=100)
    return path / "a.parquet"


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate() if thread.name.startswith("weftnet-data")]


@pytest.fixture(autouse=True)
def _no_thread_stays() -> Iterator[None]:
    yield
    assert not threads()


class Kill(Listener):
    """Ends the process in the middle of the second epoch."""

    def after_evaluation(self, line: Any) -> None:
        if line["step"] == 20:
            os.kill(os.getpid(), signal.SIGKILL)


def start(folder: Path, source: Path, memory: str | None, *listeners: Any) -> Run:
    data = open_data(source, target="y", memory=memory)
    assert data.lazy == (memory is not None)
    task = TASKS.get("classification").from_data(data)
    return fit(SMALL, task, data, Recipe.for_task(task, **RECIPE), folder, listeners=listeners, device="cpu")


def history(run: Run) -> list[Any]:
    """The lines of a history without times."""
    return [{name: line[name] for name in ("step", "epoch", "loss", "validation")} for line in run.history]


def test_streamed_trains_as_in_memory(tmp_path: Path) -> None:
    """To the last bit: weights, losses, metrics; also if killed within an epoch and resumed."""
    source = pictures(tmp_path)
    whole, streamed = (start(tmp_path / name, source, memory) for name, memory in (("a", None), ("b", LITTLE)))
    if not (pid := os.fork()):
        start(tmp_path / "c", source, LITTLE, Kill())
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGKILL
    steps = 600 * 0.7 // 16 // 2
    assert steps < 20 < 2 * steps  # within the second epoch
    state = Run.open(tmp_path / "c").json("data.json")
    resumed = resume(tmp_path / "c", open_data(source, state=state, memory=LITTLE))
    for run in (streamed, resumed):
        assert history(run) == history(whole)
        for name, value in weights(whole.folder).items():
            assert torch.equal(value, weights(run.folder)[name]), name


@pytest.mark.parametrize("scene", SCENES)
def test_prefetching_changes_nothing(scene: str, tmp_path: Path) -> None:
    model, task, recipe = SCENES[scene]
    for name, lazy in (("a", False), ("b", True)):
        go(tmp_path / name, recipe, model(), task, Data(lazy=lazy))
    for name, value in weights(tmp_path / "a").items():
        assert torch.equal(value, weights(tmp_path / "b")[name]), name


def faults() -> list[tuple[Exception | SystemExit, str]]:
    return [
        (DataError("the file is gone", where="pictures/17.png"), "^pictures/17.png: the file is gone"),
        (OSError(5, "Input/output error"), "^a rule: training batch 9 could not be made\n  got: OSError.*output error"),
        (MemoryError(), "training batch 9 could not be made\n  got: MemoryError"),
        (SystemExit(0), "training batch 9 could not be made\n  got: SystemExit: 0"),
    ]


@pytest.mark.parametrize(("fault", "words"), faults(), ids=lambda value: type(value).__name__)
def test_a_thread_that_fails_ends_the_training(fault: BaseException, words: str, tmp_path: Path) -> None:
    """With its reason, at the step that needed the batch, and not before."""

    def fail(number: int) -> None:
        if number == 9:
            raise fault

    recipe = Recipe(steps=50, batch_size=10, checkpoint_every=0.0)
    with pytest.raises(DataError, match=words):
        go(tmp_path, recipe, plain(), data=Data(hook=fail, lazy=True))
    assert Run.open(tmp_path).status == "failed"
    assert "00000009" in {path.name for path in (tmp_path / "checkpoints").iterdir()}
    assert go(tmp_path, recipe, plain(), data=Data(lazy=True)).step == 50


def test_a_fault_in_an_evaluation(tmp_path: Path) -> None:
    class Torn(Data):
        def batches(self, split: str, batch_size: int) -> Iterator[Batch]:
            yield from list(super().batches(split, batch_size))[:1]
            raise OSError("the disk is gone")

    with pytest.raises(DataError, match=r"a batch of the validation split could not be made\n  got: OSError"):
        go(tmp_path, Recipe(steps=50, batch_size=10), plain(), data=Torn(lazy=True))


def test_no_more_than_a_few_batches_are_held() -> None:
    """However slow the loop: the number of prefetched batches is bounded, and each batch is made once."""
    made: list[int] = []
    data = Data(hook=made.append)
    data.lazy = True
    with Feed(data, 10, 0) as feed:
        for number in range(30):
            batch = feed.train_batch(number)
            assert torch.equal(batch.rows, Data().train_batch(number, 10, 0).rows)
            time.sleep(0.002)
            assert len(made) <= number + AHEAD
    assert sorted(made) == list(range(len(made)))


def test_control_c_leaves_no_thread(tmp_path: Path) -> None:
    """The first Ctrl-C stops it after the step, the second one at once."""

    def interrupt(times: int) -> Callable[[int], None]:
        def hook(number: int) -> None:
            if number == 12:
                for _ in range(times):
                    os.kill(os.getpid(), signal.SIGINT)
                    time.sleep(0.5)  # two that come before the first was seen are one

        return hook

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        recipe = Recipe(steps=5000, batch_size=10, plan="eager")  # trials of plans take batch 12 too
        outcome = go(tmp_path / "a", recipe, plain(), data=Data(hook=interrupt(1), lazy=True))
        assert outcome.status == "stopped"
        assert not threads()
        with pytest.raises(KeyboardInterrupt):
            go(tmp_path / "b", recipe, plain(), data=Data(hook=interrupt(2), lazy=True))
        patience = time.monotonic() + 20
        while threads() and time.monotonic() < patience:  # one that is at work isn't waited for; it ends with its batch
            time.sleep(0.01)
        assert not threads()
    finally:
        signal.signal(signal.SIGINT, before)


def test_early_stops_leave_no_thread(tmp_path: Path) -> None:
    class Worse(Fit):
        worst = 0.0

        def evaluate(self, model: Any, batches: Any, metrics: Any = None) -> dict[str, float]:
            next(iter(batches))  # and leaves the rest, of which one is on its way
            self.worst += 1
            return {"error": self.worst}

    recipe = Recipe(steps=5000, batch_size=10, patience=2, evaluate_every="5 steps")
    outcome = go(tmp_path, recipe, plain(), Worse(), Data(lazy=True))
    assert outcome.step == 15
    assert not threads()


@pytest.mark.parametrize("lazy", [False, True])
def test_waiting_is_counted(lazy: bool, tmp_path: Path) -> None:
    """Each batch takes a hundredth of a second to make, and the network almost none; also across a resume."""
    data = Data(hook=lambda number: time.sleep(0.01), lazy=lazy)
    recipe = Recipe(steps=30, batch_size=10, evaluate_every="10 steps", checkpoint_every=0.0)

    class Enough(BaseException):
        pass

    class Stop(Listener):
        def after_evaluation(self, line: Any) -> None:
            if line["step"] == 20:
                raise Enough

    with pytest.raises(Enough):
        go(tmp_path, recipe, plain(), data=data, listeners=[Stop()])
    go(tmp_path, recipe, plain(), data=data)
    run = Run.open(tmp_path)
    least = 0.0 if lazy else 0.01 * 30  # made ahead, a batch may be there before it is asked for
    waited = [line["waited"] for line in run.history]
    assert waited == sorted(waited)
    assert least <= run.document["waited"] <= run.document["seconds"]
    assert run.document["waited"] >= waited[-1]
    assert run.waiting == run.document["waited"] / run.document["seconds"]


def test_a_checkpoint_of_a_version_that_did_not_count_waiting(tmp_path: Path) -> None:
    state = State(plain(), Fit(), Recipe(steps=2))
    tensors, facts = state.saved()
    del facts["waited"]
    state.load(0, tensors, facts)
    assert state.waited == 0.0
    run = open_run(tmp_path, Recipe(steps=2))
    assert run.waiting is None
    assert train(plain(), Fit(), Data(), Recipe(steps=2), run).status == "finished"
