"""Scaled exponential linear unit: values of mean 0 and variance 1 stay so.

    y = λ · x                    where x > 0
    y = λ · α · (exp(x) − 1)     elsewhere,     λ = 1.0507…, α = 1.6733…

Source: G. Klambauer, T. Unterthiner, A. Mayr, S. Hochreiter, Self-normalizing neural networks, 2017,
https://arxiv.org/abs/1706.02515.
Differs from torch: it is `F.selu`.
Cost: no parameters; one exponential per value.
When: In deep chains of dense layers without norms. With norms or residuals there is no reason for it.
"""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn


class Selu(nn.Module):
    """An exponential linear unit that keeps mean and variance."""

    def forward(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """Apply value by value."""
        return F.selu(x)
