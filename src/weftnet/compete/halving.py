"""How a total time is shared out: successive halving over the candidates, then more seeds for the best.

    rung i      the best ⌈n / 2ⁱ⌉ candidates, each trained anew for b · 2ⁱ seconds, until two are left
    at last     the best of them with further seeds, for as long as in the last rung

(Karnin et al. 2013, https://proceedings.mlr.press/v28/karnin13.html; Jamieson, Talwalkar 2016,
https://arxiv.org/abs/1502.07943.) A training begins anew in each rung, as the schedule of its rate belongs to its
length. b is as long as the total allows; it is computed again before each rung from the time that is left.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from weftnet.base.scores import Score
from weftnet.compete.jobs import Outcome
from weftnet.tasks import Candidate

#: seconds that a training takes beside its budget, and the share of the budget
_BESIDE, _OVER = 2.0, 0.05
#: seconds in which the processes of several trainings at once start
_START = 4.0
#: share of the time that is left for an ensemble, latencies and the report; at least so many seconds
_END, _END_SECONDS = 0.05, 3.0
#: seconds of a shortest training; with less, all candidates are trained once and none again
_SHORTEST = 3.0
#: candidates that are left for the last rung
_LAST = 2
#: seeds of the best, unless somebody asks for more
SEEDS = 3


@dataclass(frozen=True)
class Stage:
    """Trainings that may run at the same time.

    Args:
        keep: how many of the candidates, the best first.
        seeds: counted from the first seed of the fit on.
        budget: seconds of each training.
    """

    keep: int
    seeds: range
    budget: float

    def seconds(self, at_once: int) -> float:
        """That it takes."""
        return self.waves(at_once) * self.budget * (1 + _OVER) + self.beside(at_once)

    def beside(self, at_once: int) -> float:
        """Seconds that it takes beside its budgets."""
        together = min(at_once, self.keep * len(self.seeds)) > 1
        return self.waves(at_once) * _BESIDE + _START * together

    def waves(self, at_once: int) -> int:
        """Trainings one after another, where so many run at once."""
        return math.ceil(self.keep * len(self.seeds) / at_once)


def by_halving(
    candidates: Sequence[Candidate], train: Callable[[Sequence[Candidate], Stage], list[Outcome]], seeds: int,
    at_once: int, score: Score, left: Callable[[], float],
) -> list[Outcome]:  # fmt: skip
    """Train stage by stage; how every training ended.

    Args:
        candidates: that fit into memory.
        train: these candidates with these seeds for that long; outcomes are called as `called` says.
        seeds: of the best at last.
        at_once: trainings at once.
        score: that decides.
        left: seconds of the total that are left now.
    """
    outcomes: list[Outcome] = []
    if not candidates:
        return outcomes
    chosen, shape = list(candidates), shaped(len(candidates), seeds)
    if len(shape) > 1 and shared(shape, left(), at_once)[0].budget < _SHORTEST:
        shape = shape[:1]
    budget = math.inf
    for number in range(len(shape)):
        stage = shared(shape[number:], left(), at_once)[0]
        if stage.seeds.start:  # further seeds of one that is known: trained for as long, as many as there is time for
            stage = as_many(replace(stage, budget=budget), left() - end(left()), at_once)
        if not chosen or not stage.seeds or (number and stage.budget < _SHORTEST):
            break
        budget = stage.budget
        ended = train(chosen[: stage.keep], stage)
        outcomes += ended
        if any(each.status in ("stopped", "skipped") for each in ended):
            break
        names = {called(each.name, stage): each for each in chosen}
        finished = [each for each in ended if score.name in each.validation]
        finished.sort(key=lambda each: score.lead(0.0, each.validation[score.name]))
        chosen = [names[each.name] for each in finished]
    return outcomes


def as_many(stage: Stage, seconds: float, at_once: int) -> Stage:
    """The stage with as many of its seeds as there is time for."""
    while stage.seeds and stage.seconds(at_once) > seconds:
        stage = replace(stage, seeds=stage.seeds[:-1])
    return stage


def end(seconds: float) -> float:
    """Seconds of those that are left that are kept for the end."""
    return max(_END_SECONDS, _END * seconds)


def called(name: str, stage: Stage) -> str:
    """A candidate's name in the leaderboard: with the seconds it trained, as it may stand there several times."""
    return f"{name}-{stage.budget:.0f}s"


def shaped(candidates: int, seeds: int) -> list[tuple[int, range, float]]:
    """The stages: how many candidates, which seeds, and the length of a training beside those of the first stage."""
    keeps = [candidates]
    while keeps[-1] > _LAST:
        keeps.append(max(_LAST, math.ceil(keeps[-1] / 2)))
    stages = [(keep, range(1), 2.0**rung) for rung, keep in enumerate(keeps)]
    return stages + ([(1, range(1, seeds), stages[-1][2])] if seeds > 1 else [])


def shared(shape: Sequence[tuple[int, range, float]], seconds: float, at_once: int) -> list[Stage]:
    """The stages with budgets that fill the seconds that are left."""
    empty = [Stage(keep, seeds, 0.0) for keep, seeds, _ in shape]
    unit = sum(stage.waves(at_once) * length for stage, (_, _, length) in zip(empty, shape, strict=True)) * (1 + _OVER)
    budget = max((seconds - end(seconds) - sum(stage.beside(at_once) for stage in empty)) / unit, 1.0)
    return [Stage(keep, seeds, budget * length) for keep, seeds, length in shape]
