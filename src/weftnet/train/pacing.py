"""Corrects the steps of a training with a budget while it runs: measures, decides, records.

A decision is recorded before it is used. A resumed training uses what was recorded; it decides anew only after the
last of those.
"""

from dataclasses import asdict

from weftnet.run.facts import Revision
from weftnet.run.folder import Run
from weftnet.train.pace import Budget, Costs, Pace
from weftnet.train.team import Team


class Pacer:
    """The pace of one training, kept up to date.

    Args:
        run: holds the decisions, and receives new ones.
        budget: what they go by; None where the recipe fixes the steps.
        interval: steps between evaluations, where the recipe fixes the steps.
    """

    def __init__(self, run: Run, budget: Budget | None, interval: int) -> None:
        fixed = Revision(0, run.steps or 1, interval)
        self.run, self.pace = run, Pace(run.facts.revisions or (fixed,))
        self._budget = budget if run.facts.revisions else None  # older runs kept their first steps
        self._evaluations: list[float] = []
        self._began = self._window = (0, 0.0)
        self._costs = Costs(0.0, self.pace.revisions[-1].evaluation, self.pace.revisions[-1].guessed)
        if self._budget:
            self._mark = self._next_mark()

    @property
    def before(self) -> float:
        """Seconds of the budget that were used before the first step."""
        return self.pace.revisions[0].seconds

    def start(self, step: int, seconds: float) -> None:
        """Training starts or continues after this step, so many seconds of it over."""
        self._began = self._window = (step, seconds)

    def evaluated(self, seconds: float) -> None:
        """An evaluation took so long."""
        self._evaluations.append(seconds)

    def due(self, step: int, seconds: float) -> bool:
        """Whether the steps are to be corrected now; called after every step.

        Args:
            step: how many are done.
            seconds: of training, so far.
        """
        if self._budget is None:
            return False
        if self._window == self._began:  # the first step sets things up, and is not measured
            self._window = step, seconds
        used = self.before + seconds
        # the very first step is slow, and no reason to end: only where the seconds for steps are over
        over = used >= self._budget.seconds - self._budget.reserve(self._costs)
        is_due = (step > 1 or over) and (used >= self._mark[0] or step >= self._mark[1])
        return is_due and self.pace.revisions[-1].at < step < self.pace.steps

    def revise(self, step: int, seconds: float, team: Team) -> None:
        """Decide, by the leader's measurements, how many steps there are in all, and record it."""
        assert self._budget is not None  # something was due
        costs = self._measured(step, seconds)
        decided = self._budget.revision(step, self.before + seconds, costs)
        revision = Revision(**team.from_leader(asdict(decided)))
        self.pace = Pace((*self.pace.revisions, revision))
        self.run.record(steps=revision.steps, revisions=[asdict(each) for each in self.pace.revisions])
        self._costs, self._window, self._evaluations = costs, (step, seconds), []
        self._mark = self._next_mark()

    def _measured(self, step: int, seconds: float) -> Costs:
        """Seconds of a step, checkpoints included, and of an evaluation, since the correction before."""
        first, began = self._window if self._window[0] < step else self._began
        evaluating, count = sum(self._evaluations), len(self._evaluations)
        each = max(seconds - began - evaluating, 0.0) / (step - first)
        if count:
            return Costs(each, evaluating / count)
        if not self._costs.guessed:
            return Costs(each, self._costs.evaluation)
        assert self._budget is not None  # something was due
        # guessed from a slow first step: a pass over as many examples takes no longer than steps over them
        return Costs(each, min(self._costs.evaluation, each * self._budget.passes), guessed=True)

    def _next_mark(self) -> tuple[float, float]:
        assert self._budget is not None  # the steps are not fixed
        return self._budget.mark(self.pace.revisions[-1], len(self.pace.revisions) == 1, self._costs)
