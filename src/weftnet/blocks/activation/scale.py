"""Multiplication by a constant.

    y = factor · x

In front of a loss it sets how sharp a softmax starts; behind a branch, how much it counts.
Source: as temperature of a softmax G. Hinton, O. Vinyals, J. Dean, Distilling the knowledge in a neural network, 2015,
https://arxiv.org/abs/1503.02531 (factor = 1 / temperature).
Differs from torch, which has none.
Cost: no parameters; one product per value.
When: To bring logits or embeddings to the size that the next block expects; nothing is learnt.
"""

import math

from jaxtyping import Float
from torch import Tensor, nn


class Scale(nn.Module):
    """A constant factor.

    Args:
        factor: what every value is multiplied by.
    """

    def __init__(self, factor: float) -> None:
        super().__init__()
        if not math.isfinite(factor) or factor == 0:
            raise ValueError(f"scale: factor: expected a finite number other than 0, got {factor}")
        self.factor = factor

    def forward(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """Apply value by value."""
        return self.factor * x
