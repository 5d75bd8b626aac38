"""The benchmark of the loop's overhead: both loops train the same, and time is attributed to the right one."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch

ROOT = Path(__file__).parents[2] / "benchmarks"
FOLDERS = (ROOT, ROOT / "speed", ROOT / "speed" / "peers")
NAMES = ("overhead", "networks", "_job", "_torch", "_ready", "_report")
STEPS = 30


@pytest.fixture
def overhead(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The benchmark's module, which is in no package."""
    for folder in FOLDERS:
        monkeypatch.syspath_prepend(str(folder))
    threads = torch.get_num_threads()
    yield importlib.import_module("overhead")
    torch.set_num_threads(threads)
    for name in NAMES:
        sys.modules.pop(name, None)


@pytest.fixture
def job(overhead: Any, tmp_path: Path) -> Any:
    network, _ = overhead.SIZES["tiny MLP"]
    return overhead.Job(overhead.prepare(network, STEPS, STEPS, tmp_path / "job"))


def test_both_loops_train_the_same(overhead: Any, job: Any) -> None:
    loss, other = overhead.together(job)
    assert (other.count, len(other.losses)) == (STEPS, STEPS)
    assert other.losses[-1] < other.losses[0]
    assert loss == pytest.approx(other.loss, rel=1e-3)


def test_another_training_is_refused(overhead: Any, job: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overhead.Recipe, "of_group", lambda recipe, group: {
        "optimiser": "sgd", "lr": 1.0, "settings": {},
    })  # fmt: skip
    with pytest.raises(SystemExit, match="the loops are not the same"):
        overhead.beside(job)


def test_time_is_attributed_to_the_loop_that_took_it(overhead: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """After one warm-up step: 2 s per step of `fit`, 3 s per step of the other, 1 s of other threads in every 5 s."""
    clock = SimpleNamespace(own=100.0, others=7.0)
    fake = SimpleNamespace(thread_time=lambda: clock.own, process_time=lambda: clock.own + clock.others)
    monkeypatch.setattr(overhead, "time", fake)

    def steps() -> Iterator[torch.Tensor]:
        for number in range(5):
            clock.own += 3 if number else 50
            clock.others += 0.6 if number else 9
            yield torch.tensor(float(number))

    other = overhead.Other(steps(), warm=1)
    other()
    clock.others = other.began + 0.0  # what other threads took in the warm-up doesn't count
    for _ in range(4):
        clock.own += 2
        clock.others += 0.4
        other()
    by_hand, ours = other.means()
    assert by_hand == pytest.approx(3.0)
    assert ours == pytest.approx(2.0 + 0.4)
    assert other.loss == pytest.approx(2.0)


def test_a_checkpoint_takes_the_median_of_five(overhead: Any, job: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ticks = iter([0, 5, 10, 11, 20, 24, 30, 32, 40, 43])  # 5, 1, 4, 2, 3 s
    monkeypatch.setattr(overhead, "time", SimpleNamespace(perf_counter=lambda: next(ticks)))
    assert overhead.checkpoint(job) == 3
