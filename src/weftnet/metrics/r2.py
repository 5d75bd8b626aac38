"""R²: 1 − Σ (y − t)² / Σ (t − t̄)²; 1 is perfect, 0 is no better than the mean. NaN where every target is the same.

Targets are standardised: their mean is near 0, so that nothing cancels in Σ t² − (Σ t)² / n.
"""

import torch
from torch import Tensor

from weftnet.metrics._metric import Sums


class R2(Sums, better="max"):
    """From outputs and targets (n)."""

    def sums(self, outputs: Tensor, target: Tensor) -> Tensor:
        """n, Σ (y − t)², Σ t, Σ t²."""
        squares = (outputs - target).square()
        return torch.stack([torch.ones_like(target), squares, target, target.square()]).flatten(1).sum(1)

    def of(self, total: Tensor) -> Tensor:
        """1 − the share of the spread that is left."""
        n, squares, targets, target_squares = total
        spread = target_squares - targets.square() / n
        return torch.where(spread > 1e-12 * n, 1 - squares / spread, torch.nan)
