"""Rectified linear unit.

    y = max(x, 0)

The gradient at x = 0 is 0.
Source: V. Nair, G. Hinton, Rectified linear units improve restricted Boltzmann machines, 2010,
https://icml.cc/Conferences/2010/papers/432.pdf.
Differs from torch: it is `F.relu`.
Cost: no parameters; one comparison per value.
When: The first choice behind a convolution or a dense layer; its zeros cost nothing, and plans run poolings in front of
it.
"""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn


class Relu(nn.Module):
    """Zero for negative values, the identity for positive ones."""

    def forward(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """Apply value by value."""
        return F.relu(x)
