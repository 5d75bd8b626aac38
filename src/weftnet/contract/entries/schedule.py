"""A schedule: `schedule(progress, *, warmup=0, **settings) → factor` of the learning rate."""

from collections.abc import Callable
from typing import TypeAlias

from weftnet.contract._check import Check, checks, documented, expect
from weftnet.optim import SCHEDULES

Schedule: TypeAlias = Callable[..., float]
_STEPS = 400
#: what counts as 1 between two of the steps
_PEAK = 0.999


def schedule(name: str) -> list[Check]:
    """The checks of a schedule."""
    return checks(name, SCHEDULES.get, [_bounded, _peaks, _clamped, _refuses, _documented])


def _bounded(schedule: Schedule) -> None:
    """Its factor stays between 0 and 1."""
    for warmup in (0.0, 0.25):
        for step in range(_STEPS + 1):
            factor = schedule(step / _STEPS, warmup=warmup)
            expect(0 <= factor <= 1, "the factor leaves 0 … 1", got=f"{factor} at {step / _STEPS}, warmup {warmup}")


def _peaks(schedule: Schedule) -> None:
    """It comes up to 1 once the warm-up has ended."""
    for warmup in (0.0, 0.25):
        highest = max(schedule(warmup + (1 - warmup) * step / _STEPS, warmup=warmup) for step in range(_STEPS + 1))
        expect(highest > _PEAK, f"the highest factor after a warm-up of {warmup}", expected="1", got=str(highest))


def _clamped(schedule: Schedule) -> None:
    """Before the first step and after the last it stays what it was."""
    for outside, edge in ((-1.0, 0.0), (2.0, 1.0)):
        got, expected = schedule(outside, warmup=0.25), schedule(edge, warmup=0.25)
        expect(got == expected, f"the factor at progress {outside}", expected=str(expected), got=str(got))


def _refuses(schedule: Schedule) -> None:
    """A warm-up outside of the training is refused."""
    for warmup in (-0.1, 1.0):
        try:
            schedule(0.5, warmup=warmup)
        except ValueError as error:
            expect("warmup" in str(error), "the error does not name the setting", expected="warmup: …", got=str(error))
        else:
            expect(False, f"a warm-up of {warmup} is taken", expected="a ValueError: warmup: expected …, got …")


def _documented(schedule: Schedule) -> None:
    """It says what the factor is."""
    documented(schedule, "factor")
