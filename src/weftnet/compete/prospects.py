"""What each candidate would cost, and whether its training fits into memory: known before any of them trains.

    peak        of a training step of the candidate's batch, as predicted; with a copy of the weights for the best so
                far, and one for their running mean
    needed      max(peak / 0.75, peak + 128 MiB), as the heap of a training has gaps: with peaks of 6 to 250 MiB, real
                ones took between 1.05 and 3.3 times the peak, and at most 120 MiB more than it
    held        what a process of its own holds in any case: what this one did before it opened the data
    share       free memory / trainings at once − held; a single training runs in this process, which is there already

A candidate whose needed memory is more than the share is left out. The prediction is `check`'s: for plain steps in
float32 on a CPU. Where several workers train one network together nothing is left out.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from weftnet.base import memory, units
from weftnet.compete.jobs import Terms
from weftnet.cost.check import Report, check
from weftnet.cost.room import GAPS, ROOM
from weftnet.data import Data
from weftnet.errors import ArchitectureError, WeftnetError
from weftnet.tasks import TASKS, Candidate
from weftnet.train.forecast import tuned
from weftnet.train.recipe import Recipe
from weftnet.train.start import Start


@dataclass(frozen=True)
class Prospect:
    """What is known of a candidate before it trains.

    Args:
        name: the candidate's.
        why: it is worth trying.
        report: of `check`, for the recipe's batch.
        copies: of the weights that its training keeps beside them.
        baseline: whether it is one.
        flops: of a forward pass for one example, once adapters are merged.
    """

    name: str
    why: str
    report: Report
    copies: int = 0
    baseline: bool = False
    flops: int = 0

    @property
    def needed(self) -> int:
        """Bytes that its training needs."""
        peak = self.report.peak + self._copied
        return max(math.ceil(peak / ROOM), peak + GAPS)

    def largest_batch(self, memory: int) -> int:
        """The most examples in a batch whose training needs no more bytes; 0 if not even one does."""
        return self.report.largest_below(min(int(ROOM * memory), memory - GAPS) - self._copied)

    @property
    def _copied(self) -> int:
        return self.copies * sum(cost.weights for cost in self.report.parts.values())

    def facts(self) -> dict[str, Any]:
        """For its line in the leaderboard."""
        known = {"parameters": self.report.parameters, "flops": self.flops or self.report.flops, "why": self.why}
        return known | ({"baseline": True} if self.baseline else {})


@dataclass(frozen=True)
class Memory:
    """Memory for trainings.

    Args:
        free: bytes that are free now.
        held: bytes that each process of several takes before it trains.
    """

    free: int
    held: int = 0

    @classmethod
    def now(cls, held: int) -> "Memory":
        """What is free on this machine now."""
        return cls(memory.free(), held)

    def share(self, count: int) -> int:
        """Bytes for each of `count` trainings at once."""
        return self.free if count == 1 else max(self.free // count - self.held, 0)

    def at_once(self, prospects: Sequence[Prospect], most: int) -> int:
        """How many trainings may run at once, so that whatever fits alone fits still."""
        fitting = [each for each in prospects if each.needed <= self.share(1)]
        counts = (n for n in range(most, 1, -1) if all(each.needed <= self.share(n) for each in fitting))
        return next(counts, 1)

    def misfit(self, prospect: Prospect, count: int) -> str:
        """Why a candidate can't be one of `count` trainings at once, and what would fit; empty if it can."""
        share, wanted = self.share(count), prospect.needed
        if wanted <= share:
            return ""
        batch = prospect.report.batch
        fits = prospect.largest_batch(share)
        ways = [f"--set batch_size={fits}"] if fits else []
        ways += [f"--jobs {n}" for n in range(count - 1, 0, -1) if wanted <= self.share(n)][:1]
        each = f" for each of {count} trainings at once" if count > 1 else ""
        text = f"its training needs {units.size(wanted)} for batches of {batch}, and {units.size(share)} are free{each}"
        return f"{text}; {' or '.join(ways)} would fit" if ways else f"{text}, too little for one example"


def prospects(candidates: Sequence[Candidate], terms: Terms, data: Data) -> list[Prospect]:
    """What training each candidate, with its head and by its recipe, would cost.

    Raises:
        WeftnetError: some candidates don't fit the data; the message lists all their faults.
    """
    known = [prospect(candidate, terms, data) for candidate in candidates]
    wrong = [ArchitectureError(each.report.faults, where=each.name) for each in known if each.report.faults]
    if wrong:
        text = "\n\n".join(map(str, wrong))
        raise WeftnetError(f"{text}\n\nNothing was trained. weftnet check ARCH --data {data.source} shows the same.")
    return known


def prospect(candidate: Candidate, terms: Terms, data: Data) -> Prospect:
    """The same for one candidate, whose report may list faults."""
    own = terms.of(candidate, seed=0)
    task = TASKS.get(own.task).from_data(data, **own.task_settings)
    recipe = Recipe.for_task(task, **own.recipe)
    batch = max(1, min(recipe.batch_size, data.sizes["train"]))
    start = Start.from_dict(own.start) if own.start and recipe.solver is None else None
    tuning = None if start is None else partial(tuned, start)
    report = check(
        candidate.architecture, data.signals, task=task, batch=batch, optimiser=recipe.optimiser, memory=0,
        tuning=tuning,
    )  # fmt: skip
    copies = (recipe.keep != "last") + (recipe.ema is not None) + (start is not None and start.l2_sp > 0)
    flops = 0 if report.tune is None else check(candidate.architecture, data.signals, task=task, batch=batch).flops
    return Prospect(candidate.name, candidate.why, report, copies, candidate.baseline, flops)


def left_out(prospects: Sequence[Prospect], free: Memory, count: int) -> Mapping[str, str]:
    """The candidates that don't fit into memory, each with the reason.

    Raises:
        WeftnetError: that is all of them.
    """
    reasons = {each.name: why for each in prospects if (why := free.misfit(each, count))}
    if len(reasons) == len(prospects):
        text = "\n".join(f"{name}: {why}" for name, why in reasons.items())
        raise WeftnetError(f"nothing fits into memory\n{text}")
    return reasons
