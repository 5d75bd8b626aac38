"""Softmax over the last axis: positive numbers that sum to one.

    y[i] = exp(x[i]) / Σⱼ exp(x[j])

A classifier ends in logits, without this block: cross-entropy applies the softmax itself, and a second one flattens the
gradient.
Source: J. Bridle, Probabilistic interpretation of feedforward classification network outputs, 1990,
https://doi.org/10.1007/978-3-642-76153-9_28.
Differs from torch: it is `torch.softmax` with the axis fixed; the maximum is subtracted first, so nothing overflows.
Cost: no parameters; one exponential per value and a sum per position.
When: Inside a network, to weigh things against each other. Never at the end: the loss of a classifier includes it.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn


class Softmax(nn.Module):
    """Turn the last axis into positive values that sum to one."""

    def forward(self, x: Float[Tensor, "*batch dim"]) -> Float[Tensor, "*batch dim"]:
        """Normalise the last axis."""
        return torch.softmax(x, dim=-1)
