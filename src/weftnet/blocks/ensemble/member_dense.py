"""A dense layer of its own for each member of an ensemble.

    y[b, m] = W[m] x[b, m] + bias[m]          W: (members, dim_in, dim)

Source: as the heads of TabM: Y. Gorishniy, A. Kotelnikov, A. Babenko, TabM: advancing tabular deep learning with
parameter-efficient ensembling, 2025, https://arxiv.org/abs/2410.24210.
Differs from torch, which has none: it is an `nn.Linear` for each member, as one batched product.
Cost: members·(dim_in + 1)·dim parameters; 2·members·dim_in·dim FLOPs.
When: At the end of an ensemble within one network, behind `to_members`, where members may differ in all weights.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from weftnet.blocks._settings import positive


class MemberDense(nn.Module):
    """A fully connected layer for each member.

    Args:
        dim_in: input values of a member.
        members: how many there are.
        dim: output values of a member.
    """

    def __init__(self, dim_in: int, members: int, dim: int) -> None:
        super().__init__()
        positive("member_dense", dim_in=dim_in, members=members, dim=dim)
        bound = dim_in**-0.5
        self.weight = nn.Parameter(torch.empty(members, dim_in, dim).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(members, dim).uniform_(-bound, bound))

    def forward(self, x: Float[Tensor, "batch members dim_in"]) -> Float[Tensor, "batch members dim"]:
        """Map each member's values by its own weights."""
        return torch.matmul(x.transpose(0, 1), self.weight).transpose(0, 1) + self.bias
