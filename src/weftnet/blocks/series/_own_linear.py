"""A linear map of the last axis for each place of the one before it."""

import math

import torch
from torch import Tensor, nn


class OwnLinear(nn.Module):
    """y[c, h] = Σₜ weight[c, h, t] · x[c, t] + bias[c, h].

    Args:
        groups: places of the axis before the last.
        dim_in, dim: sizes of the last axis, before and after.
    """

    def __init__(self, groups: int, dim_in: int, dim: int) -> None:
        super().__init__()
        bound = 1 / math.sqrt(dim_in)
        self.weight = nn.Parameter(torch.empty(groups, dim, dim_in).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(groups, dim).uniform_(-bound, bound))

    def forward(self, x: Tensor) -> Tensor:
        """From (batch, groups, dim_in) to (batch, groups, dim)."""
        return torch.einsum("bct,cht->bch", x, self.weight) + self.bias
