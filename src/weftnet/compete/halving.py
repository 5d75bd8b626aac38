"""How a total time is shared out: successive halving over the candidates, then more seeds for the best.

    rung i      the best ⌈n / 2ⁱ⌉ candidates, each trained anew for b · 2ⁱ seconds, until two are left
    at last     the best of them with further seeds, for as long as in the last rung; none where a training of that
                length is not worth being repeated: then the time is the last rung's

(Karnin et al. 2013, https://proceedings.mlr.press/v28/karnin13.html; Jamieson, Talwalkar 2016,
https://arxiv.org/abs/1502.07943.) A training begins anew in each rung, as the schedule of its rate belongs to its
length. b is as long as the total allows; it is computed again before each rung from the time that is left, and from
what trainings took beside their budgets in the rung before.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from weftnet.base.scores import Score
from weftnet.compete.jobs import Outcome
from weftnet.tasks import Candidate

#: seconds that a training takes beside its budget, where nobody has measured it, and the share of the budget
BESIDE, _OVER = 2.0, 0.05
#: seconds in which the processes of several trainings at once start
START = 4.0
#: share of the time that is left for an ensemble, latencies and the report; at least so many seconds
_END, _END_SECONDS = 0.05, 3.0
#: seconds of a shortest training; with less, none is trained again, and fewer candidates are trained at all
SHORTEST = 3.0
#: times that a training is longer than in the rung before, at the least; and that one on all rows takes
_LONGER, _REFIT = 1.5, 1.3
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

    def seconds(self, at_once: int, beside: float = BESIDE) -> float:
        """That it takes, where each training takes so many beside its budget."""
        return self.waves(at_once) * (self.budget * (1 + _OVER) + beside)

    def beside(self, spent: float, at_once: int) -> float:
        """Seconds that a training took beside its budget, where all took so many."""
        return max(BESIDE / 4, spent / self.waves(at_once) - self.budget * (1 + _OVER))

    def waves(self, at_once: int) -> int:
        """Trainings one after another, where so many run at once."""
        return math.ceil(self.keep * len(self.seeds) / at_once)


def by_halving(
    candidates: Sequence[Candidate], train: Callable[[Sequence[Candidate], Stage], list[Outcome]], seeds: int,
    at_once: int, score: Score, left: Callable[[], float], again: bool = False,
    enough: Callable[[Candidate], float] = lambda _: 0.0,
) -> list[Outcome]:  # fmt: skip
    """Train stage by stage; how every training ended.

    Args:
        candidates: that fit into memory.
        train: these candidates with these seeds for that long; outcomes are called as `called` says.
        seeds: of the best at last.
        at_once: trainings at once.
        score: that decides.
        left: seconds of the total that are left now.
        again: whether the best is trained once more afterwards, for as long and a little longer.
        enough: seconds of a candidate's training below which nothing is learnt from another seed.
    """
    outcomes: list[Outcome] = []
    if not candidates:
        return outcomes
    chosen, rest, beside = list(candidates), shaped(len(candidates), seeds), BESIDE
    if len(rest) > 1 and shared(rest, left(), at_once)[0].budget < SHORTEST:
        rest = rest[:1]
    after = [(1, range(1), _REFIT * rest[-1][2])] if again else []
    budget = 0.0
    while rest and chosen:
        before, alone = left(), [each for each in rest if not each[1].start]
        stages = shared([*rest, *after], before, at_once, beside)
        if alone and alone != rest and stages[len(alone) - 1].budget < enough(chosen[0]):
            rest, stages = alone, shared([*alone, *after], before, at_once, beside)
        stage, rest = stages[0], rest[1:]
        if stage.seeds.start:  # further seeds of one that is known: trained for as long, as many as there is time for
            kept = end(before) + _REFIT * budget * again
            stage = as_many(replace(stage, budget=budget), before - kept, at_once, beside)
        elif stage.budget < _LONGER * budget:  # a training as long as before says nothing new
            continue
        if not stage.seeds or (budget and stage.budget < SHORTEST):
            break
        budget = stage.budget
        ended = train(chosen[: stage.keep], stage)
        outcomes += ended
        if any(each.status in ("stopped", "skipped") for each in ended):
            break
        beside = stage.beside(before - left(), at_once)
        names = {called(each.name, stage): each for each in chosen}
        finished = [each for each in ended if score.name in each.validation]
        finished.sort(key=lambda each: score.lead(0.0, each.validation[score.name]))
        chosen = [names[each.name] for each in finished]
    return outcomes


def most(count: int, seconds: float, at_once: int) -> int:
    """How many of so many candidates can be trained at all in the seconds that are left."""
    counts = range(count, 0, -1)
    return next((n for n in counts if Stage(n, range(1), SHORTEST).seconds(at_once) <= seconds - end(seconds)), 0)


def as_many(stage: Stage, seconds: float, at_once: int, beside: float = BESIDE) -> Stage:
    """The stage with as many of its seeds as there is time for."""
    while stage.seeds and stage.seconds(at_once, beside) > seconds:
        stage = replace(stage, seeds=stage.seeds[:-1])
    return stage


def latest(budget: float, seconds: float) -> float:
    """In how many seconds a training of this budget may begin at the latest, of those that are left."""
    return seconds - end(seconds) - budget * (1 + _OVER)


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


def shared(
    shape: Sequence[tuple[int, range, float]], seconds: float, at_once: int, beside: float = BESIDE
) -> list[Stage]:
    """The stages with budgets that fill the seconds that are left."""
    empty = [Stage(keep, seeds, 0.0) for keep, seeds, _ in shape]
    unit = sum(stage.waves(at_once) * length for stage, (_, _, length) in zip(empty, shape, strict=True)) * (1 + _OVER)
    others = end(seconds) + sum(stage.seconds(at_once, beside) for stage in empty)
    return [Stage(keep, seeds, max((seconds - others) / unit, 1.0) * length) for keep, seeds, length in shape]
