"""What was measured of one plan while the fastest was looked for: as a run's `run.json` lists it.

Steps of a training (`weftnet.train.planning`) and forward passes for answers (`answering.py`) are measured alike.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

#: A change of the plan is kept if the shortest step or pass takes less than 1 / (1 + LEAST_GAIN) of the time before.
LEAST_GAIN = 0.03


@dataclass(frozen=True)
class TriedPlan:
    """A plan that was considered, and what became of it.

    Args:
        plan: as `Plan.to_dict` gives it.
        verdict: kept, slower, or why it was not measured.
        seconds: of the shortest step or pass; CPU time where a single thread computes it.
        ratio: the time of the plain eager plan over this one's, from all comparisons on the way; above 1 is faster.
        difference: largest relative difference from the eager plan's values.
    """

    plan: Mapping[str, Any]
    verdict: str
    seconds: float | None = None
    ratio: float | None = None
    difference: float | None = None

    @property
    def kept(self) -> bool:
        """Whether the next change is tried on top of this plan."""
        return self.verdict.startswith("kept")
