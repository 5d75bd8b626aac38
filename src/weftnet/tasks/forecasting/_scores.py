"""Metrics of intervals and quantiles, of standardised values.

pinball     mean over values and levels q of max(q (t − y), (q − 1) (t − y))
coverage    share of values t with low ≤ t ≤ high
width       mean of high − low
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from weftnet.data.outputs import Outputs, chosen
from weftnet.metrics._metric import Metric


class _Mean(Metric):
    """The mean of values over all batches."""

    def reset(self) -> None:
        """Forget every batch."""
        self._sums: list[Tensor] = []

    def values(self, outputs: Outputs, target: Tensor) -> Tensor:
        """Of a batch."""
        raise NotImplementedError

    def update(self, outputs: Outputs, target: Tensor) -> None:
        """Add a batch."""
        values = self.values(outputs, target).double()
        self._sums.append(torch.stack([values.sum(), values.new_tensor(values.numel())]))

    def compute(self) -> Tensor:
        """The mean."""
        total = torch.stack(self._sums).sum(0)
        return total[0] / total[1]


class Pinball(_Mean, better="min"):
    """Of the output `quantiles` (batch, levels, …).

    Args:
        levels: of the quantiles.
    """

    def __init__(self, levels: Sequence[float]) -> None:
        self._levels = levels
        super().__init__()

    def values(self, outputs: Outputs, target: Tensor) -> Tensor:
        """(batch, levels, …)."""
        given = chosen(outputs, "quantiles")
        q = given.new_tensor(self._levels).view(-1, *[1] * (target.dim() - 1))
        error = target.unsqueeze(1) - given
        return torch.maximum(q * error, (q - 1) * error)


class Coverage(_Mean, unit="share"):
    """Of the outputs `low` and `high`; only informative: neither more nor less than the level is better."""

    def values(self, outputs: Outputs, target: Tensor) -> Tensor:
        """Whether each value is inside."""
        return (chosen(outputs, "low") <= target) & (target <= chosen(outputs, "high"))


class Width(_Mean):
    """Of the outputs `low` and `high`; only informative: narrower is better at equal coverage alone."""

    def values(self, outputs: Outputs, target: Tensor) -> Tensor:
        """Of each value."""
        return chosen(outputs, "high") - chosen(outputs, "low")
