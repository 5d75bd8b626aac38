"""Candidates are sized to the budget before any of them trains.

    steps   = 0.8 · budget / seconds of a step         from FLOPs and calls; where that is not clearly enough, measured
                                                       for a moment, with random weights on random inputs
    enough  = max(100, min(steps of an epoch, 1000))

A candidate that would make fewer steps than enough is replaced by the first of its cheaper forms that makes enough, or
by the one that makes most. One that even so makes fewer than 50, by both estimates, is left out, with the reason –
unless a person named it, or nothing else is left. A network whose last layer is solved for reads the training rows
once, forward alone, at a third of a step's cost: it is left out where that takes longer than the budget.
"""

import math
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import torch

from weftnet.base.units import duration
from weftnet.compete.jobs import Terms
from weftnet.compete.prospects import Prospect, prospect
from weftnet.compete.sizes import ENOUGH, LONGEST
from weftnet.cost.timing import rough_step, slow_step
from weftnet.data import Data
from weftnet.tasks import Candidate

#: Share of a budget in which steps are made.
STEPPING = 0.8
#: Steps with which a candidate is not worth its time.
FEWEST = 50
#: Share of the budget, and seconds, that timing a network may take.
_SHARE, _MOST = 0.02, 0.5
#: A pass forward, in steps.
_FORWARD = 1 / 3
#: Times enough, so that no step is timed.
_CLEARLY = 2.0


@dataclass(frozen=True)
class Sized:
    """A candidate in the form that suits the budget.

    Args:
        candidate: in that form.
        prospect: of that form.
        steps: that it makes, about; None where no budget says how many.
        reason: why it is not worth training; empty if it is.
    """

    candidate: Candidate
    prospect: Prospect
    steps: float | None = None
    reason: str = ""


def sized(
    candidates: Sequence[Candidate], known: Sequence[Prospect], terms: Terms, data: Data, *, threads: int | None,
    named: bool, within: float = math.inf,
) -> list[Sized]:  # fmt: skip
    """Every candidate in the form that suits its budget; as it is where it has none, or takes no steps.

    Args:
        candidates: that compete.
        known: what is known of each.
        terms: of every training.
        data: that they train on.
        threads: of torch that each training has; None for the default.
        named: whether a person named the candidates: then none is left out.
        within: seconds; when they are over, no step is timed any more.
    """
    until = time.monotonic() + within
    with _threads(threads):
        fitted = [_form(*each, terms, data, until) for each in zip(candidates, known, strict=True)]
    if fitted and (named or all(each.reason for each in fitted)):
        best = max(fitted, key=lambda each: each.steps or 0.0)
        spared = fitted if named else [best]
        return [Sized(e.candidate, e.prospect, e.steps) if e in spared else e for e in fitted]
    return fitted


def _form(candidate: Candidate, known: Prospect, terms: Terms, data: Data, until: float) -> Sized:
    recipe: Mapping[str, object] = terms.of(candidate, seed=0).recipe
    budget = recipe.get("budget")
    if not isinstance(budget, int | float):
        return Sized(candidate, known)
    if recipe.get("solver") is not None:
        return Sized(candidate, known, reason=_too_long(known, budget, data))
    enough = enough_steps(known, data)
    best, most = Sized(candidate, known, 0.0), 0.0
    for form in candidate.forms:
        own = known if form is candidate else prospect(form, terms, data)
        if own.report.faults:  # of a form that nobody asked for
            continue
        steps = slowly = STEPPING * budget / slow_step(own.report)
        if steps < _CLEARLY * enough and time.monotonic() < until:
            steps = STEPPING * budget / rough_step(own.report, min(_SHARE * budget, _MOST))
        most = max(most, steps, slowly)
        if steps > (best.steps or 0.0):
            best = Sized(form, own, steps)
        if steps >= enough:
            break
    if most >= FEWEST:
        return best
    steps = best.steps or 0.0
    wanted = math.ceil(budget * ENOUGH / max(steps, 0.1))
    reason = f"would make about {steps:.0f} steps in {duration(budget)}, too few to learn from; --budget {wanted}s"
    return Sized(best.candidate, best.prospect, steps, reason)


def enough_steps(known: Prospect, data: Data) -> int:
    """Steps that are enough for a training to be worth something."""
    return max(ENOUGH, min(data.steps_per_epoch(known.report.batch), LONGEST))


def enough_seconds(known: Prospect, data: Data, threads: int | None, within: float) -> float:
    """Of a training that makes enough steps, by a step that is timed for a moment, of so many seconds."""
    with _threads(threads):
        step = rough_step(known.report, min(within, _MOST))
    return enough_steps(known, data) * step / STEPPING


def _too_long(known: Prospect, budget: float, data: Data) -> str:
    """Why reading the training rows once does not fit into the budget; empty if it does."""
    batches = data.sizes["train"] / known.report.batch
    seconds = _FORWARD * batches * slow_step(known.report)
    if seconds > budget:
        seconds = _FORWARD * batches * rough_step(known.report, min(_SHARE * budget, _MOST))
    if seconds <= budget:
        return ""
    return f"reading the training rows would take about {duration(seconds)}; --budget {math.ceil(seconds)}s"


@contextmanager
def _threads(count: int | None) -> Iterator[None]:
    """Torch with so many threads."""
    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)
