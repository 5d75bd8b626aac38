"""The benchmark of untuned sets: ties, ranks, what is read from a competition, and resuming."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

ROOT = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture
def untuned(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """The benchmark's module, which is in no package."""
    monkeypatch.syspath_prepend(str(ROOT))
    threads, before = torch.get_num_threads(), set(sys.modules)
    yield importlib.import_module("untuned")
    torch.set_num_threads(threads)
    for name in set(sys.modules) - before:
        if name.split(".")[0] in ("untuned", "untuned_parts", "_report"):
            sys.modules.pop(name, None)


def test_ties_are_small_or_not_clear(untuned: Any) -> None:
    assert untuned.verdict([0.1], [0.1005]) == "tie (1 %)"
    assert untuned.verdict([0.1], [0.12]) == "win"
    assert untuned.verdict([0.12], [0.1]) == "loss"
    assert untuned.verdict([0.0], [0.0]) == "tie (1 %)"
    noise = np.random.default_rng(0).normal(0.02, 1, (3, 50))
    assert untuned.verdict([0.1] * 3, [0.12] * 3, noise) == "tie (test)"
    clear = np.random.default_rng(0).normal(0.02, 0.001, (3, 50))
    assert untuned.verdict([0.1] * 3, [0.12] * 3, clear) == "win"


def test_ranks_are_shared_and_only_of_sets_that_all_have(untuned: Any) -> None:
    errors = {"a": {"x": 1.0, "y": 2.0, "z": 2.0}, "b": {"x": 3.0, "y": 1.0, "z": 2.0}, "c": {"x": 0.0}}
    assert untuned.mean_ranks(errors) == {"x": 2.0, "y": 1.75, "z": 2.25}
    assert untuned.mean_ranks({}) == {}


def test_groups_keep_the_mean(untuned: Any) -> None:
    assert untuned.grouped([1.0, 0.0, 2.0]) == [1.0, 0.0, 2.0]
    groups = untuned.grouped(np.arange(1000.0))
    assert len(groups) == 500
    assert np.mean(groups) == pytest.approx(499.5)


def test_roles_of_a_competition(untuned: Any) -> None:
    outcomes = [
        {"name": name, "folder": f"{name}-{seed}", "validation": {"rmse": value}, "test": {"rmse": value + 1}}
        for name, seed, value in (("trees", 0, 1.0), ("mlp", 0, 3.0), ("mlp", 1, 2.0))
    ]
    standings = [{"name": "trees", "baseline": True}, {"name": "mlp"}]
    facts = {"metric": "rmse", "better": "min", "best": "trees-0", "standings": standings, "outcomes": outcomes}
    roles = untuned.entrants(facts)
    assert {role: each["folder"] for role, each in roles.items()} == {
        "winner": "trees-0", "network": "mlp-1", "baseline": "trees-0",
    }  # fmt: skip
    assert (untuned.error("accuracy", 0.75), untuned.error("rmse", 2.0)) == (0.25, 2.0)


def test_a_second_call_goes_on_and_a_failure_is_a_loss(
    untuned: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done: list[tuple[str, int]] = []

    def measured(args: Any, name: str, seed: int) -> dict[str, Any]:
        done.append((name, seed))
        errors = {"peer": 0.3} if name == "b" else {"winner": 0.1, "network": 0.2, "peer": 0.3}
        return {"set": name, "seed": seed, "seconds": 1.0, "metric": "rmse", "errors": errors, "names": {},
                "differences": {}, "failed": "", "peer seconds": {}}  # fmt: skip

    args = SimpleNamespace(
        data=tmp_path, work=tmp_path, out=tmp_path / "out", group="tables", minutes_per_set=2.0, seeds=1, sets=None
    )
    known = {name: lambda name=name: name for name in ("a", "b")}
    monkeypatch.setattr(untuned, "start", lambda parser: args)
    monkeypatch.setattr(untuned, "shipped", lambda args: {"package": "1.0"})
    monkeypatch.setattr(untuned, "measured", measured)
    monkeypatch.setitem(untuned.GROUPS, "tables", lambda data, work: known)
    untuned.main()
    args.seeds = 2
    untuned.main()
    assert done == [("a", 0), ("b", 0), ("a", 1), ("b", 1)]
    text = (tmp_path / "out" / "untuned_tables.md").read_text(encoding="utf-8")
    assert "| a | rmse | 2 |" in text
    assert "loss (failed)" in text
    assert "winner peer: 1 wins, 0 ties, 1 losses" in text
    assert "package 1.0" in text
