"""The benchmark of the loop's own cost: both loops train the same, and it says so if they don't."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

ROOT = Path(__file__).parents[2] / "benchmarks"
FOLDERS = (ROOT, ROOT / "speed", ROOT / "speed" / "peers")
NAMES = ("overhead", "networks", "_job", "_torch", "_ready", "_report")


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
    return overhead.Job(overhead.prepare(network, 30, 30, tmp_path / "job"))


def test_both_loops_are_timed_over_the_same_training(overhead: Any, job: Any) -> None:
    by_hand, ours = overhead.beside(job)
    assert 0 < by_hand < 1
    assert 0 < ours < 1
    assert overhead.checkpoint(job) > 0


def test_another_training_is_refused(overhead: Any, job: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(overhead.Recipe, "of_group", lambda recipe, group: {
        "optimiser": "sgd", "lr": 1.0, "settings": {},
    })  # fmt: skip
    with pytest.raises(SystemExit, match="the loops are not the same"):
        overhead.beside(job)
