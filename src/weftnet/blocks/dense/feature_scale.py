"""A learned factor for each feature.

    y = x ⊙ (1 + rate · θ)          θ: (dim), starts at 0

In front of a network for tables it soon weighs some columns down and others up. An optimiser whose steps don't depend
on a gradient's size, as Adam's, moves the factors `rate` times as fast as other weights.
Source: D. Holzmüller, L. Grinsztajn, I. Steinwart, Better by default: strong pre-tuned MLPs and boosted trees on
tabular data, 2024, section 3, https://arxiv.org/abs/2407.04491: the
scaling layer, with a rate of 6 times the others.
Differs: the rate is a factor of the parameter, instead of an entry of the optimiser.
Cost: dim parameters; one product per value.
When: In networks for tables, in front of the first dense layer, so that columns that don't matter can be turned down.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from weftnet.blocks._settings import positive


class FeatureScale(nn.Module):
    """Each feature times a factor of its own.

    Args:
        dim: features of a position.
        rate: how fast the factors move, as a multiple of other weights.
    """

    def __init__(self, dim: int, rate: float = 6.0) -> None:
        super().__init__()
        positive("feature_scale", dim=dim)
        if not rate > 0:
            raise ValueError(f"feature_scale: rate: expected a positive number, got {rate}")
        self.rate = rate
        self.change = nn.Parameter(torch.zeros(dim))

    def forward(self, x: Float[Tensor, "*batch dim"]) -> Float[Tensor, "*batch dim"]:
        """Scale the last axis."""
        return x * (1 + self.rate * self.change)
