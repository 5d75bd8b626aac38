"""What a `fit` is to train: which networks, by which terms, in which form, and how many at once."""

import math
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from weftnet.compete.entering import Entries, FitOptions
from weftnet.compete.folding import folded
from weftnet.compete.halving import START
from weftnet.compete.jobs import Job, Outcome, jobs_of
from weftnet.compete.prospects import Memory, Prospect, left_out, prospects
from weftnet.compete.sizing import sized
from weftnet.train.worker import is_worker

#: share of a total in which processes may start; how much longer than this one several take, beside one another
_STARTING, _SLOWER = 0.1, 1.5
#: seconds of the end, for each time that the start is longer than usual
_ENDING = 2.0


@dataclass(frozen=True)
class Clock:
    """The time of a fit.

    Args:
        began: by the monotonic clock.
        total: seconds for everything; None for as long as it takes.
        start: seconds in which the processes of several trainings at once start.
    """

    began: float
    total: float | None = None
    start: float = START

    @classmethod
    def now(cls, total: float | None, began: float | None) -> "Clock":
        """A clock that begins now, or that began when this program did: its processes start as slowly."""
        now = time.monotonic()
        return cls(now, total) if began is None else cls(began, total, max(START / 2, _SLOWER * (now - began)))

    @property
    def several(self) -> bool:
        """Whether there is time enough for processes to start."""
        return self.total is None or self.start <= _STARTING * self.total

    @property
    def slow(self) -> float:
        """Seconds that the end takes longer than usual, where processes start more slowly than usual."""
        return _ENDING * max(0.0, self.start / START - 1)

    @property
    def left(self) -> float:
        """Seconds of the total that are left."""
        return math.inf if self.total is None else self.began + self.total - time.monotonic()


@dataclass(frozen=True)
class Plan:
    """What a `fit` trains.

    Args:
        entries: the candidates that compete, each in the form that suits its budget, and the terms.
        options: of the command line.
        folder: of the competition.
        clock: of the fit.
        at_once: trainings at once.
        known: of each candidate before it trains.
        without: the candidates that are left out, with the reasons.
    """

    entries: Entries
    options: FitOptions
    folder: Path
    clock: Clock
    at_once: int
    known: Sequence[Prospect] = ()
    without: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, entries: Entries, options: FitOptions, folder: Path, clock: Clock) -> "Plan":
        """All that was asked for: `jobs` trainings at once, otherwise one for each core, where processes pay.

        Raises:
            SettingError: a recipe can't be used.
        """
        whole = cls(entries, options, folder, clock, 1)
        _check_recipes(whole.jobs, entries)
        most = min(options.jobs or (os.cpu_count() or 1 if clock.several else 1), len(whole.jobs))
        return whole if is_worker() else replace(whole, at_once=max(1, most))

    def fitted(self, held: int) -> "Plan":
        """The same with candidates in the forms that suit the budget, and without those that time or memory leave out.

        With a total time every rung has a budget, and forms, of its own. Several workers train all as it is.

        Args:
            held: bytes that a process of a training takes before it opens the data.

        Raises:
            WeftnetError: candidates don't fit the data, or none fits into memory.
        """
        plan = replace(self, known=prospects(self.entries.candidates, self.entries.terms, self.entries.data))
        if is_worker():
            return plan
        if self.options.total is None:
            plan = plan.sized()
        count, misfits = places(plan.known, Memory.now(held), plan.at_once, asked=self.options.jobs is not None)
        return replace(plan, at_once=count, without={**plan.without, **misfits})

    @property
    def threads(self) -> int | None:
        """Of torch that each training has; None for the default."""
        return 1 if self.at_once > 1 else None

    def sized(self, within: float = math.inf) -> "Plan":
        """The candidates in the forms that suit the terms' budget, found in so many seconds."""
        entries, named = self.entries, bool(self.options.archs)
        fitted = sized(
            entries.candidates,
            self.known,
            entries.terms,
            entries.data,
            threads=self.threads,
            named=named,
            within=within,
        )
        reasons = {each.candidate.name: each.reason for each in fitted if each.reason}
        entries = replace(entries, candidates=[each.candidate for each in fitted])
        return replace(self, entries=entries, known=[each.prospect for each in fitted], without=reasons)

    @cached_property
    def jobs(self) -> list[Job]:
        """Every training, fold by fold; with a total time those of the first length."""
        entries = self.entries
        return folded(jobs_of(entries.candidates, self.options.seeds, self.folder, entries.terms), self.options.folds)

    @property
    def fitting(self) -> list[Job]:
        """The trainings of the candidates that are not left out."""
        return [job for job in self.jobs if job.name not in self.without]

    @property
    def left_out(self) -> list[Outcome]:
        """The others, with the reasons."""
        return [job.outcome("left out", error=self.without[job.name]) for job in self.jobs if job.name in self.without]


def places(prospects: Sequence[Prospect], memory: Memory, most: int, asked: bool) -> tuple[int, Mapping[str, str]]:
    """How many trainings run at once, and the candidates that don't fit into memory then, with the reasons.

    Args:
        prospects: of the candidates.
        memory: of this machine.
        most: trainings at once.
        asked: whether the number was asked for; otherwise fewer run at once where more would not fit.

    Raises:
        WeftnetError: no candidate fits.
    """
    count = most if asked else memory.at_once(prospects, most)
    return count, left_out(prospects, memory, count)


def _check_recipes(work: Sequence[Job], entries: Entries) -> None:
    """Refuse an unusable recipe before the first training starts.

    Raises:
        SettingError: a field is unknown or its value can't be used.
    """
    from weftnet.train import Recipe
    from weftnet.train.augment import Augment
    from weftnet.train.listening import made

    for job in work:
        made(job.terms.listeners)
        Augment(Recipe.for_task(entries.task, **job.terms.recipe).augment, entries.data)
