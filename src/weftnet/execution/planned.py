"""What run.json says of plans: the one that was chosen, for training and for answers, and all that were tried.

Steps of a training (`weftnet.train.planning`) and forward passes for answers (`answering.py`) are measured alike.
"""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from weftnet.base.typed import Measured
from weftnet.errors import SettingError
from weftnet.execution.plan import Plan

#: A change of the plan is kept if the shortest step or pass takes less than 1 / (1 + LEAST_GAIN) of the time before.
LEAST_GAIN = 0.03


@dataclass(frozen=True)
class TriedPlan:
    """A plan that was considered, and what became of it.

    Args:
        plan: that was considered.
        verdict: kept, slower, or why it was not measured.
        seconds: of the shortest step or pass; CPU time where a single thread computes it.
        ratio: the time of the plain eager plan over this one's, from all comparisons on the way; above 1 is faster.
        difference: largest relative difference from the eager plan's values.
    """

    plan: Plan
    verdict: str
    seconds: Measured | None = None
    ratio: Measured | None = None
    difference: Measured | None = None

    @property
    def kept(self) -> bool:
        """Whether the next change is tried on top of this plan."""
        return self.verdict.startswith("kept")


@dataclass(frozen=True)
class TrainingPlan:
    """The plan of a training, and how it was chosen.

    Args:
        plan: of its steps.
        source: measured, remembered, given, or too short to measure.
        seconds: that choosing took.
        tried: every plan that was considered.
    """

    plan: Plan
    source: str
    seconds: Measured
    tried: tuple[TriedPlan, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return _as_json(self)


@dataclass(frozen=True)
class BatchPlan:
    """The plan of answers to batches of one size, and how it was chosen.

    Args:
        batch: examples that were measured with.
        source: measured, given, or why nothing was measured.
        plan: of a pass; None where nothing was measured.
        tried: every plan that was considered.
    """

    batch: int
    source: str
    plan: Plan | None = None
    tried: tuple[TriedPlan, ...] = ()

    def __post_init__(self) -> None:
        if self.batch < 1:
            raise SettingError(f"batch: expected 1 or more, got {self.batch}")
        if self.plan is not None and self.plan != (usable := self.plan.for_answers()):
            usual = usable.to_dict()
            others = [name for name, value in self.plan.to_dict().items() if value != usual[name]]
            raise SettingError(f"the plan has {', '.join(others)}, which no answers are computed with")


@dataclass(frozen=True)
class AnswerPlans:
    """The plans of a run's answers.

    A batch of n examples takes the plan of the size s with the smallest |log(n / s)|: of 1 and 64, up to 8 that of 1.

    Args:
        threads: that passes were measured with.
        seconds: that choosing took.
        sizes: a plan for each size of batch that was measured.
    """

    threads: int
    seconds: Measured
    sizes: tuple[BatchPlan, ...] = ()

    def nearest(self, batch: int) -> Plan | None:
        """The plan for batches of about this size; None where nothing was measured."""
        if not self.sizes:
            return None
        return min(self.sizes, key=lambda each: abs(math.log(max(batch, 1) / each.batch))).plan

    def to_dict(self) -> dict[str, Any]:
        """As JSON."""
        return _as_json(self)


@dataclass(frozen=True)
class PlanChoice:
    """Which plan a loaded run computes a batch under.

    Args:
        answers: the plans that were chosen for answers, if any were.
        trained: the plan of its training; a part of it makes single passes faster too.
    """

    answers: AnswerPlans | None = None
    trained: Plan = field(default_factory=Plan)

    def answering(self, batch: int) -> Plan:
        """For answers to a batch of this size; plain eager where nothing was measured."""
        return self._nearest(batch) or Plan()

    def scoring(self, batch: int) -> Plan:
        """For a score: many passes over such batches, with memory kept meanwhile if the training did."""
        trained = self.trained.for_answers()
        plan = self._nearest(batch) or trained
        return plan.but(keep_memory=plan.keep_memory or trained.keep_memory)

    def _nearest(self, batch: int) -> Plan | None:
        return self.answers.nearest(batch) if self.answers else None


def _as_json(record: Any) -> dict[str, Any]:
    """A record as `json` would read it again: with lists in place of tuples."""

    def plain(items: list[tuple[str, Any]]) -> Mapping[str, Any]:
        return {name: list(value) if isinstance(value, tuple) else value for name, value in items}

    document: dict[str, Any] = asdict(record, dict_factory=plain)  # type: ignore[arg-type]  # a mapping is a dict
    return document
