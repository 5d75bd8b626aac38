"""The plans of a run's answers, as run.json has them: each was measured for a size of batch, and serves those near it.

A batch of n examples takes the plan of the size s with the smallest |log(n / s)|: of 1 and 64, up to 8 that of 1.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from weftnet.base.typed import brief, misfit, misfits
from weftnet.errors import DamagedCheckpoint
from weftnet.execution.plan import Plan


@dataclass(frozen=True)
class Plans:
    """Plans by the size of the batch.

    Args:
        sizes: what was measured for each; None where it was not.
        trained: what of the training's plan makes a single pass faster too; for scores alone.
    """

    sizes: Mapping[int, Plan | None] = field(default_factory=dict)
    trained: Plan = field(default_factory=Plan)

    @classmethod
    def of(cls, document: Mapping[str, Any], where: str) -> Self:
        """From a run's document; runs of earlier versions have none.

        Raises:
            DamagedCheckpoint: what it says of answers can't be used.
        """
        planned = document.get("plan")
        trained = Plan.for_answers(planned.get("plan") if isinstance(planned, Mapping) else None)
        rows = document["answers"].get("sizes") if "answers" in document else []
        if wrong := misfit(rows, list[dict[str, Any]]):
            raise DamagedCheckpoint("the field 'answers: sizes' is wrong", where=where, expected=wrong, got=brief(rows))
        return cls(dict(_read(row, where) for row in rows), trained)

    def answering(self, batch: int) -> Plan:
        """For a batch of so many examples; plain eager where nothing was measured."""
        return self._nearest(batch) or Plan()

    def scoring(self, batch: int) -> Plan:
        """For a score: many passes over such batches, with memory kept meanwhile if the training did."""
        found = self._nearest(batch) or self.trained
        return found.but(keep_memory=found.keep_memory or self.trained.keep_memory)

    def _nearest(self, batch: int) -> Plan | None:
        if not self.sizes:
            return None
        return self.sizes[min(self.sizes, key=lambda size: abs(math.log(max(batch, 1) / size)))]


def _read(row: Mapping[str, Any], where: str) -> tuple[int, Plan | None]:
    size: Any = row.get("batch")
    given: Any = row.get("plan")
    if (wrong := misfit(size, int)) or size < 1:
        what, expected = "the field 'answers: sizes: batch' is wrong", wrong or "1 or more"
        raise DamagedCheckpoint(what, where=where, expected=expected, got=brief(size))
    if given is None:
        return size, None
    if misfit(given, dict[str, Any]):
        raise DamagedCheckpoint("a plan for answers is wrong", where=where, expected="a mapping", got=brief(given))
    plan = Plan.for_answers(given)
    if wrong := misfits(given, Plan) or _stray(plan, given):
        raise DamagedCheckpoint("a plan for answers is wrong", where=where, got=wrong)
    return size, plan


def _stray(plan: Plan, given: Mapping[str, Any]) -> str:
    """What of a plan is not for answers: it would change them, or takes setting up."""
    stray = [name for name, value in given.items() if value != plan.to_dict()[name]]
    return f"{', '.join(stray)}, which no answers are computed with" if stray else ""
