"""How a training ended."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class TrainingResult:
    """How a training ended.

    Args:
        status: "finished" or "stopped"; a listener is also told of one that "failed".
        step: steps done.
        steps: steps planned; more than `step` after an early or requested stop.
        best_step: the step after which the model had the weights that are kept.
        metrics: of those weights, on the validation split.
        message: a sentence for a person.
    """

    status: str
    step: int
    steps: int
    best_step: int = 0
    metrics: Mapping[str, float] = field(default_factory=dict)
    message: str = ""
