"""The pace of a training with a budget: a rule from measured seconds to its steps, and its progress along them.

    left = budget − used − reserve          seconds for steps and the evaluations between them
    n    = left / (s + e / every)           steps of s seconds, with an evaluation of e seconds after `every` of them

The reserve is for what comes after the steps: passes over validation and test, plans for answers, the weights. An
evaluation comes seldom enough to take at most a tenth of the time of the steps between two.

The steps are decided before the first one and corrected while the training runs. Each decision is recorded in the run,
and progress is a function of those records alone, so that a resumed training goes the same way:

    p(x) = p_i + (1 − p_i) · (x − at_i) / (steps_i − at_i)      after step at_i, where the i-th decision was taken

It never falls, has no jumps, and is 1 at the end, which is where the schedule of the learning rate ends too.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from weftnet.run.facts import Revision

#: Largest share of the time of the steps between two evaluations that one of them takes.
EVALUATING = 0.1
#: The most that is kept for the end of a training, as a share of the budget.
_MOST = 0.5
#: Seconds and share of the budget that plans for answers take, and that weights and opening the finished run take.
_ANSWERS, _WRITING = (2.0, 0.01), (0.3, 0.03)
#: Examples in the passes that plans for answers are measured with, at the least.
_PASSES = 128
#: Steps that are planned at the least before the first one.
_FEW = 3
#: Share of the seconds and steps after which the steps are corrected first; then after a share of what is left.
_FIRST, _NEXT = 0.05, 0.4
#: Share of the budget, and seconds, of which no more than that are left without another correction.
_LAST, _SHORTEST = 0.02, 0.05


@dataclass(frozen=True)
class Costs:
    """Measured seconds.

    Args:
        step: of a step.
        evaluation: of a pass over the validation split; 0 without one.
        guessed: whether that follows from the seconds of a step, as no pass was timed yet.
    """

    step: float
    evaluation: float
    guessed: bool = False


@dataclass(frozen=True)
class Budget:
    """What a training with a budget goes by.

    Args:
        seconds: from its start to its end.
        sizes: examples by split.
        interval: steps between evaluations that the recipe asks for.
        batch_size: examples in a batch.
    """

    seconds: float
    sizes: Mapping[str, int]
    interval: int
    batch_size: int

    @property
    def passes(self) -> int:
        """Steps over as many examples as the validation split has."""
        return math.ceil(self.sizes.get("validation", 0) / self.batch_size)

    def reserve(self, costs: Costs) -> float:
        """Seconds for what comes after the steps."""
        validation, others = self.sizes.get("validation", 0), self.sizes.get("test", 0) + _PASSES
        # without a validation split: a pass forward is a third of a step
        example = costs.evaluation / validation if validation else costs.step / (3 * self.batch_size)
        passes = 2 * costs.evaluation + example * others
        fixed = sum(min(most, share * self.seconds) for most, share in (_ANSWERS, _WRITING))
        return min(passes + fixed, _MOST * self.seconds)

    def revision(self, at: int, used: float, costs: Costs) -> Revision:
        """The steps that fit into what is left of the budget after step `at`; at first some in any case."""
        left, step = max(self.seconds - self.reserve(costs) - used, 0.0), max(costs.step, 1e-9)
        every = self.interval * max(1, math.ceil(costs.evaluation / (EVALUATING * step * self.interval)))
        steps = int(left / (step + costs.evaluation / every))
        if steps < every:  # then the only evaluation is the one at the end
            steps = min(every, int(left / step))
        steps = at + steps if at else max(steps, _FEW)
        return Revision(at, steps, every, used, costs.evaluation, costs.guessed)

    def mark(self, last: Revision, first: bool, costs: Costs) -> tuple[float, float]:
        """The used seconds, and the step, from which on the steps are corrected again, whichever comes first.

        Where little is left it is the end of the seconds for steps, whatever the step.

        Args:
            last: the decision before.
            first: whether it is the one before the first step.
            costs: as measured.
        """
        end = self.seconds - self.reserve(costs)
        left, share = end - last.seconds, _FIRST if first else _NEXT
        if left <= max(_LAST * self.seconds, _SHORTEST):
            return end, math.inf
        return last.seconds + share * left, last.at + max(2, math.ceil(share * (last.steps - last.at)))


@dataclass(frozen=True)
class Pace:
    """The progress of a training.

    Args:
        revisions: the decisions on its steps, in order; the first at step 0.
    """

    revisions: tuple[Revision, ...]

    @property
    def steps(self) -> int:
        """Of the whole training, by the last decision."""
        return self.revisions[-1].steps

    def every(self, step: int) -> int:
        """Steps between evaluations after this step."""
        return next(each.every for each in reversed(self.revisions) if each.at <= step)

    def progress(self, x: float) -> float:
        """The share of the training that is done after x steps."""
        if x >= self.steps:
            return 1.0
        done = 0.0
        for each, following in zip(self.revisions, (*self.revisions[1:], None), strict=True):
            until = x if following is None or x < following.at else following.at
            done += (1.0 - done) * (until - each.at) / (each.steps - each.at)
            if until == x:
                break
        return done
