"""Mish: a smooth relu that dips below zero.

    y = x · tanh(log(1 + exp(x)))

Source: D. Misra, Mish: a self regularized non-monotonic activation function, 2019, https://arxiv.org/abs/1908.08681.
Differs from torch: it is `F.mish`.
Cost: no parameters; an exponential, a logarithm and a tanh per value.
When: To load weights that were trained with it; otherwise `silu` is as good and cheaper.
"""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn


class Mish(nn.Module):
    """Each value times the tanh of its softplus."""

    def forward(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """Apply value by value."""
        return F.mish(x)
