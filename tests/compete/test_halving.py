"""Successive halving: what is planned fills the total, the best go on, and a stop ends it."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weftnet.architecture.spec import Architecture, Block
from weftnet.base.scores import Score
from weftnet.compete.halving import SEEDS, SHORTEST, Stage, as_many, by_halving, called, most, shaped, shared
from weftnet.compete.jobs import Outcome
from weftnet.tasks import Candidate

BEST = Score("accuracy", "max", "share")


def candidates(count: int) -> list[Candidate]:
    return [Candidate(f"net{number}", Architecture.of(Block("relu")), {}, "") for number in range(count)]


@given(st.integers(1, 40), st.floats(60, 1e5), st.integers(1, 8), st.integers(1, 6))
def test_what_is_planned_fills_the_total(count: int, seconds: float, at_once: int, seeds: int) -> None:
    stages = shared(shaped(count, seeds), seconds, at_once)
    assert stages[0].keep == count
    assert all(after.keep <= before.keep and after.budget >= before.budget for before, after in pairwise(stages))
    assert stages[-1].keep == (1 if seeds > 1 else min(count, 2))
    assert (
        len({stage.budget for stage in stages if stage.keep <= 2}) == 1
    )  # the best with more seeds, as long as before
    used = sum(stage.seconds(at_once) for stage in stages)
    if stages[0].budget > 1:
        assert used <= seconds
        assert used == pytest.approx(seconds - max(3, 0.05 * seconds))


class Machine:
    """A clock that trainings move, in which net0 is better than net1, and so on."""

    def __init__(self, at_once: int, slow: float = 1.0) -> None:
        self.now, self.at_once, self.slow, self.told = 0.0, at_once, slow, []  # type: ignore[var-annotated]

    def train(self, chosen: list[Candidate], stage: Stage) -> list[Outcome]:
        assert len(chosen) == stage.keep
        self.told.append(([each.name for each in chosen], list(stage.seeds), stage.budget))
        self.now += stage.seconds(self.at_once) * self.slow
        return [
            Outcome(called(each.name, stage), seed, each.name, "finished", {"accuracy": 1 / (1 + int(each.name[3:]))})
            for each in reversed(chosen)
            for seed in stage.seeds
        ]


def test_the_best_go_on_for_twice_as_long() -> None:
    machine = Machine(2)
    outcomes = by_halving(candidates(7), machine.train, SEEDS, 2, BEST, lambda: 600 - machine.now)
    assert [(len(names), seeds) for names, seeds, _ in machine.told] == [(7, [0]), (4, [0]), (2, [0]), (1, [1, 2])]
    assert machine.told[1][0] == ["net0", "net1", "net2", "net3"]
    assert machine.told[-1][0] == ["net0"]
    budgets = [budget for _, _, budget in machine.told]
    assert budgets == pytest.approx([budgets[0] * factor for factor in (1, 2, 4, 4)], rel=0.1)
    assert budgets[3] == budgets[2]
    assert len(outcomes) == 7 + 4 + 2 + 2
    assert 500 < machine.now < 600
    assert {each.name for each in outcomes if each.seed} == {called("net0", Stage(1, range(1), budgets[-1]))}


@pytest.mark.parametrize("slow", [0.7, 1.3])
def test_what_takes_longer_or_shorter_is_made_up_for(slow: float) -> None:
    machine = Machine(2, slow)
    by_halving(candidates(6), machine.train, SEEDS, 2, BEST, lambda: 600 - machine.now)
    assert 450 < machine.now < 640


def test_more_seeds_as_many_as_there_is_time_for() -> None:
    stage = Stage(1, range(1, 4), 100.0)
    seconds = [stage.seconds(1) / 3 * number for number in (0.9, 1.1, 2.1, 3.1)]
    assert [len(as_many(stage, each, 1).seeds) for each in seconds] == [0, 1, 2, 3]


def test_too_little_time_trains_all_once() -> None:
    machine = Machine(1)
    by_halving(candidates(6), machine.train, SEEDS, 1, BEST, lambda: 60 - machine.now)
    assert [len(names) for names, _, _ in machine.told] == [6]


def test_what_a_rung_took_beside_its_budgets_is_kept_free_in_the_next() -> None:
    class Slow(Machine):
        def train(self, chosen: list[Candidate], stage: Stage) -> list[Outcome]:
            ended = super().train(chosen, stage)
            self.now += 8.0 * stage.waves(self.at_once)
            return ended

    machine = Slow(2)
    by_halving(candidates(7), machine.train, SEEDS, 2, BEST, lambda: 600 - machine.now)
    assert 500 < machine.now < 600
    assert machine.told[1][2] < 1.9 * machine.told[0][2]


def test_a_rung_that_would_be_no_longer_is_left_out() -> None:
    machine = Machine(1, 1.9)
    by_halving(candidates(8), machine.train, 1, 1, BEST, lambda: 300 - machine.now)
    assert [len(names) for names, _, _ in machine.told] == [8, 2]
    assert all(after >= 1.5 * before for (*_, before), (*_, after) in pairwise(machine.told))


def test_time_for_a_training_on_all_rows_is_kept() -> None:
    left = []
    for again in (False, True):
        machine = Machine(2)
        by_halving(candidates(5), machine.train, SEEDS, 2, BEST, lambda m=machine: 300 - m.now, again)  # type: ignore[misc]
        left.append(300 - machine.now)
    assert left[1] > left[0] + machine.told[-1][2]


@pytest.mark.parametrize(("count", "enough", "rungs"), [
    (1, 100.0, [(1, [0]), (1, [1, 2])]), (1, 400.0, [(1, [0])]), (7, 400.0, [(7, [0]), (4, [0]), (2, [0])]),
])  # fmt: skip
def test_a_training_that_is_too_short_is_made_longer_not_repeated(
    count: int, enough: float, rungs: list[tuple[int, list[int]]]
) -> None:
    machine = Machine(1)
    by_halving(candidates(count), machine.train, SEEDS, 1, BEST, lambda: 600 - machine.now, enough=lambda _: enough)
    assert [(len(names), seeds) for names, seeds, _ in machine.told] == rungs
    assert 500 < machine.now < 600
    if rungs == [(1, [0])]:
        assert machine.told[0][2] > 500


def test_as_many_candidates_as_there_is_time_for() -> None:
    one = Stage(1, range(1), SHORTEST).seconds(1)
    assert [most(5, 3.0 + times * one, 1) for times in (-2, 0.9, 1.1, 2.1, 9)] == [0, 0, 1, 2, 5]
    assert most(5, 3.0 + 1.1 * one, 2) == 2


def test_nobody_competes() -> None:
    assert by_halving([], Machine(1).train, SEEDS, 1, BEST, lambda: 60.0) == []


def test_failures_and_stops() -> None:
    def fail(chosen: list[Candidate], stage: Stage) -> list[Outcome]:
        return [Outcome(called(each.name, stage), 0, each.name, "failed") for each in chosen]

    assert len(by_halving(candidates(4), fail, SEEDS, 1, BEST, lambda: 900.0)) == 4

    def stop(chosen: list[Candidate], stage: Stage) -> list[Outcome]:
        first, *others = Machine(1).train(chosen, stage)
        return [first, *(Outcome(each.name, 0, each.folder, "skipped") for each in others)]

    assert len(by_halving(candidates(4), stop, SEEDS, 1, BEST, lambda: 900.0)) == 4
