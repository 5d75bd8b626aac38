"""Logistic sigmoid.

    y = 1 / (1 + exp(−x))

A two-class head gives logits and leaves the sigmoid to the loss, where it is computed without overflow.
Source: D. Rumelhart, G. Hinton, R. Williams, Learning representations by back-propagating errors, 1986,
https://doi.org/10.1038/323533a0.
Differs from torch: it is `torch.sigmoid`.
Cost: no parameters; one exponential per value.
When: For gates and shares between 0 and 1. Not between layers, where gradients fade, and not at the end of a
classifier: the loss includes it.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn


class Sigmoid(nn.Module):
    """Squash values into 0 … 1."""

    def forward(self, x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
        """Apply value by value."""
        return torch.sigmoid(x)
