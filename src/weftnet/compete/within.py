"""`fit --total`: baselines, then successive halving, each training with a part of the time that is left.

What can't begin in time any more is left out, with the reason: baselines once half of the time that was left before
them is over, the dearest networks where there is no time for all, and any training that would end too late. One is
always trained.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from weftnet.base.units import duration
from weftnet.compete.halving import SEEDS, Stage, by_halving, called, end, latest, most
from weftnet.compete.jobs import Job, Outcome, jobs_of
from weftnet.compete.planning import Plan
from weftnet.compete.pool import Pool
from weftnet.compete.prospects import Prospect
from weftnet.compete.sizing import enough_seconds
from weftnet.cost.timing import slow_step
from weftnet.tasks import Candidate

#: share of the time that is left before the baselines in which they may begin, and of that in which a rung is sized
_BASELINES, _SIZING = 0.5, 0.02
#: seconds in which baselines may begin in any case
_LEAST = 2.0


def within_total(
    plan: Plan, pool: Pool, train: Callable[[Sequence[Job]], list[Outcome]],
    tell: Callable[[Sequence[Prospect], Sequence[Outcome]], None],
) -> tuple[list[Prospect], list[Outcome]]:  # fmt: skip
    """What is known of every candidate by the name under which it trained, and how every training ended.

    Args:
        plan: with a total.
        pool: in which trainings take place.
        train: trains these jobs.
        tell: is called before trainings begin, with those that are over, and the new ones as if they were stopped.
    """
    entries, clock, total = plan.entries, plan.clock, plan.options.total
    known, outcomes = {each.name: each for each in plan.known}, plan.left_out

    def left() -> float:
        return clock.left - clock.slow - (clock.start if plan.at_once > 1 and not pool.started else 0.0)

    def run(work: Sequence[Job], begun_by: float) -> list[Outcome]:
        late, first = time.time() + begun_by, not any(each.status == "finished" for each in outcomes)
        # the first may take of the time for the end what sizing it took: else all of its time would be lost
        begun_by_first = None if first else late + end(left())
        work = [replace(job, begun_by=late if number else begun_by_first) for number, job in enumerate(work)]
        tell(list(known.values()), [*outcomes, *(job.outcome("stopped") for job in work)])
        ended = train(work) if work else []
        outcomes.extend(ended)
        return ended

    def rung(chosen: Sequence[Candidate], stage: Stage) -> list[Outcome]:
        names = {each.name: called(each.name, stage) for each in chosen}
        terms = replace(entries.terms, recipe={**entries.terms.recipe, "budget": stage.budget})
        fresh = [each for each in chosen if names[each.name] not in forms]
        asked = replace(entries, candidates=fresh, terms=terms)
        sized = replace(plan, entries=asked, known=[known[each.name] for each in fresh]).sized(_SIZING * left())
        for each, own in zip(sized.entries.candidates, sized.known, strict=True):
            name = names[each.name]
            known[name], forms[name] = replace(own, name=name), replace(each, name=name)
            newest[each.name] = known[name]
        seeds = [plan.options.seeds[0] + number for number in stage.seeds]
        work = jobs_of([forms[name] for name in names.values()], seeds, plan.folder, terms)
        reasons = {names[name]: reason for name, reason in sized.without.items()}
        without = [job.outcome("left out", error=reasons[job.name]) for job in work if job.name in reasons]
        outcomes.extend(without)
        return without + run([job for job in work if job.name not in reasons], latest(stage.budget, left()))

    def enough(each: Candidate) -> float:
        if asked > 1:  # seeds that somebody wants
            return 0.0
        return enough_seconds(newest[each.name], entries.data, plan.threads, _SIZING * left())

    run([job for job in plan.fitting if "solver" in job.terms.recipe], max(_BASELINES * left(), _LEAST))
    networks = [e for e in entries.candidates if e.name not in plan.without and "solver" not in e.recipe]
    networks.sort(key=lambda each: slow_step(known[each.name].report))
    forms: dict[str, Candidate] = {}
    newest = dict(known)
    count = max(most(len(networks), left(), plan.at_once), not any(each.status == "finished" for each in outcomes))
    for each in networks[count:]:
        why = f"of {duration(total or 0.0)}, {duration(max(left(), 0.0))} were left: too few for it beside the others"
        outcomes.append(Outcome(each.name, plan.options.seeds[0], each.name, "left out", error=why))
    asked, score = len(plan.options.seeds), entries.scoring.deciding

    def for_rungs() -> float:  # sizing the next one takes the rest
        return (1 - _SIZING) * left()

    by_halving(networks[:count], rung, max(asked, SEEDS), plan.at_once, score, for_rungs, plan.options.refit, enough)
    return list(known.values()), outcomes
