"""Mean squared error: mean (y − t)² over all values."""

import torch
from torch import Tensor

from weftnet.metrics._metric import Sums


class Mse(Sums, better="min"):
    """From outputs and targets of one shape."""

    def sums(self, outputs: Tensor, target: Tensor) -> Tensor:
        """Σ (y − t)², and how many."""
        squares = (outputs - target).square().sum()
        return torch.stack([squares, torch.full_like(squares, target.numel())])

    def of(self, total: Tensor) -> Tensor:
        """The mean."""
        return total[0] / total[1]
