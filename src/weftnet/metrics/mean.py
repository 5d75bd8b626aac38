"""Mean: of a number that the task gives for every example, such as a likelihood."""

import torch
from torch import Tensor

from weftnet.metrics._metric import Direction, Sums, Unit


class Mean(Sums):
    """From numbers (n); targets are not read.

    Args:
        better: its direction.
        unit: its unit.
    """

    def __init__(self, better: Direction = "", unit: Unit = "") -> None:
        super().__init__()
        self.better, self.unit = better, unit

    def sums(self, outputs: Tensor, target: Tensor) -> Tensor:
        """Their sum, and how many."""
        return torch.stack([outputs, torch.ones_like(outputs)]).double().sum(1)

    def of(self, total: Tensor) -> Tensor:
        """The mean."""
        return total[0] / total[1]
