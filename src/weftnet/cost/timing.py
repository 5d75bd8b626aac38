"""The times of a report: steps are run where they fit, estimated where they don't."""

from collections.abc import Callable, Iterable
from dataclasses import replace

from weftnet.base.memory import free
from weftnet.cost.check import Report
from weftnet.cost.communication import scaling
from weftnet.cost.cost import Cost
from weftnet.cost.machine import this_machine
from weftnet.cost.microbenchmarks import roofline
from weftnet.cost.roofline import pass_calls
from weftnet.cost.room import usable
from weftnet.cost.step_time import BUDGET, FIRST, StepTime, step_time, undisturbed

#: what any machine does: FLOPs a second, kernel calls a second, weights initialised a second. A first step that would
#: take longer than the budget at these rates is not tried
_FLOPS, _CALLS, _WEIGHTS = 2e10, 5e4, 1e8
#: times that at the most is believed of a step that was timed for a moment
_SLOWEST = 3.0


def timed(report: Report, *, budget: float = BUDGET, progress: Callable[[float], None] = lambda _: None) -> Report:
    """The report with times of a step on this machine; one with faults stays as it is.

    Args:
        report: of `check`.
        budget: seconds for which steps are run.
        progress: is called now and then with the share of the work that is done.
    """
    if report.faults or not report.parts:
        return report
    whole = [report.batch]
    sizes = whole if report.together is None else [*whole, -(-report.batch // report.together.workers)]
    times, note = _times(report, sizes, budget, progress)
    scaled = None
    if report.together is not None and report.sent is not None:
        scaled = scaling(report.together, report.sent, times[0], times[-1])
    return replace(report, time=times[0], machine=this_machine(), scaling=scaled, note=note)


def slow_step(report: Report) -> float:
    """Seconds of a training step on a slow machine, from FLOPs and calls: more than a usual one takes."""
    return _at_least(report.parts.values())


def rough_step(report: Report, budget: float) -> float:
    """Seconds of a training step on this machine, roughly; never much longer than on a slow machine.

    Args:
        report: of `check`, without faults.
        budget: seconds for which steps are run; none is where a first one would take longer.
    """

    def fits(size: int) -> bool:
        return sum(each.peak for each in report.costs(size).values()) <= usable(free())

    first, slow = min(FIRST, report.batch), slow_step(report)
    if _at_least(report.costs(first).values()) <= budget and fits(first):
        try:
            with undisturbed():
                run = report.steps()
                return min(step_time(run, report.batch, fits=fits, budget=budget).total, _SLOWEST * slow)
        except (RuntimeError, MemoryError):  # torch's allocator raises a RuntimeError
            pass
    return slow


def _times(
    report: Report, sizes: list[int], budget: float, progress: Callable[[float], None]
) -> tuple[list[StepTime], str]:
    """The times of steps of these sizes: of real steps where the smallest is within memory and budget."""
    room = usable(min(report.memory, free()))

    def costs(size: int) -> list[Cost]:
        return list(report.costs(size).values())

    def fits(size: int) -> bool:
        return sum(each.peak for each in costs(size)) <= room

    note = ""
    first = costs(min(FIRST, *sizes))
    if sum(each.peak for each in first) <= room and _at_least(first) <= budget:
        share = budget / len(sizes)
        try:
            with undisturbed():
                steps = report.steps()
                return [
                    step_time(steps, size, fits=fits, budget=share,
                              progress=lambda done, past=past: progress((past + done) / len(sizes)))
                    for past, size in enumerate(sizes)
                ], ""  # fmt: skip
        except (RuntimeError, MemoryError) as error:  # torch's allocator raises a RuntimeError
            note = f"no step could be run: {str(error).splitlines()[0] if str(error) else type(error).__name__}. "
    roof, kept = roofline(progress=progress)
    return [roof.step_time(costs(size)) for size in sizes], note + kept


def _at_least(costs: Iterable[Cost]) -> float:
    """Seconds that building networks and a first step would take on a slow machine."""
    costs = tuple(costs)
    calls = sum(n for each in pass_calls(costs).values() for _, n in each)
    flops = sum(each.training_flops * each.batch for each in costs)
    return flops / _FLOPS + calls / _CALLS + sum(each.parameters for each in costs) / _WEIGHTS
