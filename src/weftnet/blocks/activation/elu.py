"""Exponential linear unit: negative values saturate at −alpha, which brings the mean nearer to zero.

    y = x                      where x > 0
    y = alpha · (exp(x) − 1)   elsewhere

Source: D.-A. Clevert, T. Unterthiner, S. Hochreiter, Fast and accurate deep network learning by exponential linear
units (ELUs), 2015, https://arxiv.org/abs/1511.07289.
Differs from torch: it is `F.elu`.
Cost: no parameters; one exponential per value.
When: Where negative values shall count, smoothly, and there is no norm in front; behind a norm `relu` is as good and
cheaper.
"""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn


class Elu(nn.Module):
    """A relu with an exponential tail.

    Args:
        alpha: where negative values saturate (at −alpha), positive.
    """

    def __init__(self, alpha: float = 1.0) -> None:
        super().__init__()
        if alpha <= 0:
            raise ValueError(f"elu: alpha: expected a positive number, got {alpha}")
        self.alpha = alpha

    def forward(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """Apply value by value."""
        return F.elu(x, self.alpha)
