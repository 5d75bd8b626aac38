"""The steps of a training with a budget: the rule, the progress, the clock that is kept, and exact resuming."""

import json
import math
import random
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
import torch
from training_fakes import Data, Fit, go, network, open_run, weights

from weftnet.errors import DamagedCheckpoint
from weftnet.run.facts import Revision
from weftnet.run.folder import Run
from weftnet.train.pace import EVALUATING, Budget, Costs, Pace
from weftnet.train.pacing import Pacer
from weftnet.train.recipe import Recipe

SIZES = {"train": 700, "validation": 100, "test": 50}


@pytest.mark.parametrize("seed", range(50))
def test_progress_never_falls_has_no_jumps_and_ends_at_one(seed: int) -> None:
    """Whatever seconds were measured."""
    rng = random.Random(seed)
    budget = Budget(10 ** rng.uniform(-1, 4), SIZES, rng.randint(1, 300), 16)
    costs = Costs(10 ** rng.uniform(-5, 2), 10 ** rng.uniform(-5, 2))
    revisions = [budget.revision(0, rng.random() * budget.seconds, costs)]
    while len(revisions) < 9 and revisions[-1].steps - revisions[-1].at > 2:
        at = rng.randint(revisions[-1].at + 1, revisions[-1].steps - 1)
        costs = Costs(10 ** rng.uniform(-5, 2), 10 ** rng.uniform(-5, 2))
        revisions.append(budget.revision(at, rng.random() * 1.2 * budget.seconds, costs))
    pace = Pace(tuple(revisions))
    if revisions[-1].at == pace.steps:  # the seconds were over: it ends there
        pace = Pace(tuple(revisions[:-1]))
    points = sorted({0.0, float(pace.steps), *(e.at + d for e in revisions for d in (-0.5, 0, 0.5) if e.at + d > 0)})
    points += [rng.uniform(0, pace.steps) for _ in range(200)]
    points = sorted(x for x in points if x <= pace.steps)
    values = [pace.progress(x) for x in points]
    assert (values[0], values[-1]) == (0.0, 1.0)
    slope = max(1 / max(each.steps - each.at, 1) for each in pace.revisions)
    for (x, p), (y, q) in zip(zip(points, values, strict=True), zip(points[1:], values[1:], strict=True), strict=False):
        assert 0 <= q - p <= slope * (y - x) + 1e-9


def test_without_corrections_progress_is_that_of_fixed_steps() -> None:
    pace = Pace((Revision(0, 977, 13),))
    assert [pace.progress(step + 0.5) for step in range(977)] == [(step + 0.5) / 977 for step in range(977)]


@pytest.mark.parametrize("seed", range(30))
def test_steps_and_evaluations_fit_into_what_is_left(seed: int) -> None:
    rng = random.Random(seed)
    budget = Budget(10 ** rng.uniform(0, 4), SIZES, rng.randint(1, 300), 16)
    costs, used = Costs(10 ** rng.uniform(-5, 0), 10 ** rng.uniform(-5, 0)), rng.random() * budget.seconds
    made = budget.revision(1000, used, costs)
    count, left = made.steps - made.at, budget.seconds - budget.reserve(costs) - used
    taken = count * costs.step + count // made.every * costs.evaluation
    assert taken <= max(left, 0.0) + 1e-9 or count == made.every
    assert left <= 0 or count + 1 > (left - costs.evaluation) / (costs.step * (1 + EVALUATING)) - 1
    assert made.every % budget.interval == 0
    assert costs.evaluation <= EVALUATING * costs.step * made.every * (1 + 1e-9)


class Watch:
    """A clock that only steps and evaluations move; both take what a function of the step says."""

    def __init__(self, step: Any, evaluation: float = 0.0) -> None:
        self.now, self.step, self.evaluation, self.count = 0.0, step, evaluation, 0

    def __call__(self) -> float:
        return self.now


class Slow(Fit):
    """Steps and evaluations that take time on such a clock."""

    def __init__(self, watch: Watch) -> None:
        super().__init__(shake=0.1)
        self.watch = watch

    def losses(self, model: Any, batch: Any, generator: Any) -> Iterator[Any]:
        self.watch.now += self.watch.step(self.watch.count)
        self.watch.count += 1
        yield from super().losses(model, batch, generator)

    def evaluate(self, model: Any, batches: Any, metrics: Any = None) -> dict[str, float]:
        self.watch.now += self.watch.evaluation
        return super().evaluate(model, batches)


def spoilt(count: int) -> float:
    """Steps that get slower and faster again."""
    return 0.25 if count < 30 else 1.5 if count < 60 else 0.125


CLOCKS = {
    "as at first": lambda count: 0.25,
    "slower": lambda count: 0.25 if count < 20 else 1.0,
    "much slower": lambda count: 0.25 if count < 40 else 8.0,
    "faster": lambda count: 2.0 if count < 9 else 0.25,
    "slow to start": lambda count: 6.0 if count == 0 else 0.25,
    "to and fro": spoilt,
    "a single step is long": lambda count: 30.0,
    "no two alike": lambda count: 0.25 * (1 + math.sin(count)) + 0.01,
}


SLOW = pytest.mark.slow


@pytest.mark.parametrize("evaluation", [0.5, pytest.param(0.0, marks=SLOW), pytest.param(3.0, marks=SLOW)])
@pytest.mark.parametrize("name", CLOCKS)
def test_the_budget_holds_and_is_used(
    name: str, evaluation: float, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """100 s end within 100 s and a step, and use 90 at least with what is kept for the end, which follows the steps."""
    watch = Watch(CLOCKS[name], evaluation)
    monkeypatch.setattr(time, "perf_counter", watch)
    recipe = Recipe(budget=100.0, batch_size=10, plan="eager")
    outcome = go(tmp_path, recipe, network(), Slow(watch), Data(count=200))
    run = Run.open(tmp_path)
    assert outcome.step == outcome.steps == run.steps
    reserve = Budget(100.0, Data(count=200).sizes, 20, 10).reserve(Costs(0.0, evaluation))
    last = CLOCKS[name](watch.count)
    assert watch.now <= 100.0 - reserve + last + 2 * evaluation
    assert watch.now >= 90.0 - reserve - 2 * last - evaluation
    assert run.facts.revisions[0].seconds <= 5.0 + 2 * max(last, CLOCKS[name](0))  # planning: a step may be long
    lines = run.history
    assert lines[-1]["step"] == outcome.step
    assert len(lines) * evaluation <= 0.2 * 100 + 2 * evaluation


def test_planning_stops_when_its_share_is_used_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a single step takes longer than that, one is made to plan, and none to time."""
    watch = Watch(lambda count: 12.0)
    monkeypatch.setattr(time, "perf_counter", watch)
    go(tmp_path, Recipe(budget=40.0, batch_size=10), network(), Slow(watch))
    run = Run.open(tmp_path)
    assert run.facts.revisions[0].seconds == 12.0
    assert run.steps == 1  # half of the budget is left for what comes after the steps, as passes are slow too
    assert watch.now == 24.0


def test_a_slow_first_step_does_not_end_a_training(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps and passes are taken to be as slow as the first one, until the second one is seen."""
    watch = Watch(lambda count: 2.0 if count < 2 else 0.0625, 0.0625)
    monkeypatch.setattr(time, "perf_counter", watch)
    outcome = go(tmp_path, Recipe(budget=10.0, batch_size=10), network(), Slow(watch), Data(count=200))
    assert outcome.step > 60
    assert 8 < watch.now <= 10


def test_killed_anywhere_it_ends_with_the_same_weights(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every step takes the same time, so that the corrections of an interrupted training are the same as well."""
    recipe = Recipe(budget=8.0, batch_size=10, ema=0.9, checkpoint_every=0.0, plan="eager", schedule="one_cycle")

    def trained(folder: Path, *kills: int) -> Run:
        for kill in (*kills, None):
            watch = Watch(lambda count: 0.125, 0.25)
            monkeypatch.setattr(time, "perf_counter", watch)

            def hook(step: int, kill: int | None = kill, folder: Path = folder) -> None:
                if step == kill and (folder / "checkpoints").is_dir():  # not while steps are timed
                    raise KeyboardInterrupt

            try:
                go(folder, recipe, network(), Slow(watch), Data(hook=hook))
            except KeyboardInterrupt:
                assert kill is not None
        return Run.open(folder)

    whole = trained(tmp_path / "whole")
    assert len(whole.facts.revisions) > 3
    for kills in [(4,), (15, 30)]:
        folder = tmp_path / "-".join(map(str, kills))
        again = trained(folder, *kills)
        assert again.facts.revisions == whole.facts.revisions
        assert all(torch.equal(each, weights(folder)[name]) for name, each in weights(tmp_path / "whole").items())


def test_what_was_recorded_decides_and_not_the_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Steps that took other times, and then none at all: from the recorded corrections, the same weights."""
    watch = Watch(spoilt, 0.5)
    monkeypatch.setattr(time, "perf_counter", watch)
    recipe = Recipe(budget=60.0, batch_size=10, plan="eager")
    go(tmp_path / "a", recipe, network(), Slow(watch))
    first = Run.open(tmp_path / "a").facts
    run = open_run(tmp_path / "b", recipe)
    run.record(
        steps=first.steps,
        revisions=[asdict(each) for each in first.revisions],
        plan=first.plan and first.plan.to_dict(),
    )
    watch = Watch(lambda count: 1e-6)
    monkeypatch.setattr(time, "perf_counter", watch)
    go(tmp_path / "b", recipe, network(), Slow(watch))
    assert Run.open(tmp_path / "b").facts.revisions == first.revisions
    assert [line["step"] for line in Run.open(tmp_path / "b").history] == [
        line["step"] for line in Run.open(tmp_path / "a").history
    ]
    for name, value in weights(tmp_path / "a").items():
        assert torch.equal(value, weights(tmp_path / "b")[name])


@pytest.mark.parametrize("steps", [[(3, 9)], [(0, 9), (0, 12)], [(0, 9), (10, 20)], [(0, 9), (5, 4)]])
def test_a_run_whose_corrections_make_no_sense_is_refused(steps: list[tuple[int, int]], tmp_path: Path) -> None:
    run = open_run(tmp_path, Recipe(budget=1.0))
    run.document["revisions"] = [{"at": at, "steps": count, "every": 1} for at, count in steps]
    (tmp_path / "run.json").write_text(json.dumps(run.document))
    with pytest.raises(DamagedCheckpoint, match="revisions"):
        Run.open(tmp_path)


def test_a_step_is_measured_without_the_evaluations_between() -> None:
    run = SimpleNamespace(steps=100, facts=SimpleNamespace(revisions=()))
    pacer = Pacer(cast(Any, run), None, 10)
    pacer.start(5, 1.0)
    pacer.evaluated(2.0)
    pacer.evaluated(4.0)
    assert pacer._measured(15, 17.0) == Costs(step=1.0, evaluation=3.0)
