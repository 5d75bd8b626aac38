"""Sigmoid linear unit, also called swish.

    y = x · σ(x) = x / (1 + exp(−x))

Source: S. Elfwing, E. Uchibe, K. Doya, Sigmoid-weighted linear units for neural network function approximation in
reinforcement learning, 2017, https://arxiv.org/abs/1702.03118.
Differs from torch: it is `F.silu`.
Cost: no parameters; one exponential per value.
When: Instead of `relu` where a smooth activation is worth an exponential: EfficientNet, diffusion, gated feed-forward
networks.
"""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn


class Silu(nn.Module):
    """Each value times its sigmoid."""

    def forward(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """Apply value by value."""
        return F.silu(x)
