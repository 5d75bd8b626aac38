"""Skill: 1 − mean squared error / that of a naive forecast; 1 is perfect, 0 is no better than naive.

NaN where the naive forecast is perfect, as on a constant series.
"""

import torch
from torch import Tensor

from weftnet.data.outputs import Outputs, chosen
from weftnet.metrics._metric import Metric


class Skill(Metric, better="max"):
    """From the outputs `forecast` and `naive`, and targets, all of one shape."""

    def reset(self) -> None:
        """Forget every batch."""
        self._squares: list[Tensor] = []

    def update(self, outputs: Outputs, target: Tensor) -> None:
        """Add the squared errors of both."""
        both = [(chosen(outputs, name) - target).square().sum() for name in ("forecast", "naive")]
        self._squares.append(torch.stack(both))

    def compute(self) -> Tensor:
        """The skill."""
        forecast, naive = torch.stack(self._squares).sum(0)
        return torch.where(naive > 0, 1 - forecast / naive, torch.nan)
