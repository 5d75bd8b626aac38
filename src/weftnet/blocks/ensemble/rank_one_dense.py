"""A dense layer whose weights differ between the members of an ensemble by a matrix of rank one.

    y[b, m] = s[m] ⊙ W (r[m] ⊙ x[b, m]) + bias[m]          the weights of member m: W ⊙ s[m] r[m]ᵀ

W (dim, dim_in) is shared; r (members, dim_in), s (members, dim) and the bias are each member's own. One product for all
members. s starts at 1, r at 1, or in the first layer, where members have to part, at random signs or at N(0, 1).
Source: Y. Wen, D. Tran, J. Ba, BatchEnsemble, 2020, https://arxiv.org/abs/2002.06715; for tables, with these starting
values: Y. Gorishniy, A. Kotelnikov, A. Babenko, TabM: advancing tabular deep learning with parameter-efficient
ensembling, 2025, https://arxiv.org/abs/2410.24210.
Differs from torch, which has none.
Cost: dim_in·dim + members·(dim_in + 2·dim) parameters; 2·members·dim_in·dim FLOPs.
When: For ensembles of many members on tables, at little more than the cost of one (TabM).
"""

from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from weftnet.blocks._settings import positive


class RankOneDense(nn.Module):
    """A fully connected layer for all members, with scales of their own.

    Args:
        dim_in: input values of a member.
        members: how many there are.
        dim: output values of a member.
        start: what the input's scales are at first.
    """

    def __init__(self, dim_in: int, members: int, dim: int, start: Literal["ones", "signs", "normal"] = "ones") -> None:
        super().__init__()
        positive("rank_one_dense", dim_in=dim_in, members=members, dim=dim)
        bound = dim_in**-0.5
        self.weight = nn.Parameter(torch.empty(dim, dim_in).uniform_(-bound, bound))
        scale = torch.ones(members, dim_in) if start == "ones" else torch.randn(members, dim_in)
        self.scale_in = nn.Parameter(torch.where(scale < 0, -1.0, 1.0) if start == "signs" else scale)
        self.scale_out = nn.Parameter(torch.ones(members, dim))
        self.bias = nn.Parameter(torch.empty(dim).uniform_(-bound, bound).repeat(members, 1))

    def forward(self, x: Float[Tensor, "batch members dim_in"]) -> Float[Tensor, "batch members dim"]:
        """Map each member's values."""
        return F.linear(x * self.scale_in, self.weight) * self.scale_out + self.bias
