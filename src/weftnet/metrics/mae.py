"""Mean absolute error: mean |y − t|, in the target's own unit; of several targets, the mean of theirs."""

from collections.abc import Sequence

import torch
from torch import Tensor

from weftnet.metrics._metric import Sums, Unit
from weftnet.metrics._units import columns, in_units


class Mae(Sums, better="min", unit="target"):
    """From standardised outputs and targets (n) or (…, targets).

    Args:
        scale: of the targets: what a difference of 1 is in their units.
        unit: "" where they are left standardised.
    """

    def __init__(self, scale: float | Sequence[float] = 1.0, unit: Unit = "target") -> None:
        super().__init__()
        self.scale, self.unit = scale, unit

    def sums(self, outputs: Tensor, target: Tensor) -> Tensor:
        """Σ |y − t| of each target, and how many."""
        absolute = columns((outputs - target).abs())
        return torch.stack([absolute.sum(0), absolute.new_full(absolute.shape[1:], len(absolute))])

    def of(self, total: Tensor) -> Tensor:
        """The mean."""
        return in_units(total[0] / total[1], self.scale).mean()
