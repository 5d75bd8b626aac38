"""Root mean squared error: √ mean (y − t)², in the target's own unit; of several targets, the mean of theirs."""

from collections.abc import Sequence

import torch
from torch import Tensor

from weftnet.metrics._metric import Sums, Unit
from weftnet.metrics._units import columns, in_units


class Rmse(Sums, better="min", unit="target"):
    """From standardised outputs and targets (n) or (…, targets).

    Args:
        scale: of the targets: what a difference of 1 is in their units.
        unit: "" where they are left standardised.
    """

    def __init__(self, scale: float | Sequence[float] = 1.0, unit: Unit = "target") -> None:
        super().__init__()
        self.scale, self.unit = scale, unit

    def sums(self, outputs: Tensor, target: Tensor) -> Tensor:
        """Σ (y − t)² of each target, and how many."""
        squares = columns((outputs - target).square())
        return torch.stack([squares.sum(0), squares.new_full(squares.shape[1:], len(squares))])

    def of(self, total: Tensor) -> Tensor:
        """The root of the mean."""
        return in_units((total[0] / total[1]).sqrt(), self.scale).mean()
