"""The columns of a table as a sequence: a token for each column.

    y[b, c] = bias[c] + Σ_{i in column c} x[b, i] · weight[i]          weight: (dim_in, dim), bias: (columns, dim)

A number is multiplied by its vector; of a category, whose one value of 1 says the label, the sum is the label's vector.
Source: Y. Gorishniy, I. Rubachev, V. Khrulkov, A. Babenko, Revisiting deep learning models for tabular data, 2021,
section 3.3, https://arxiv.org/abs/2106.11959; weights and biases start at U(±1/√dim), as in its authors' code.
Differs from torch, which has none.
Cost: (dim_in + columns) · dim parameters; 2 · dim_in · dim FLOPs, and where columns are wider
2 · columns · dim_in · dim.
When: In front of a Transformer that reads a table, with thousands of rows and columns that act together.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from weftnet.blocks._settings import positive
from weftnet.blocks.embedding._columns import owners


class FeatureTokens(nn.Module):
    """One step for each column of a vector.

    Args:
        dim_in: values of the vector.
        dim: size of a step.
        columns: how many values each column takes up, in order; one each by default.
    """

    owner: Tensor | None

    def __init__(self, dim_in: int, dim: int = 64, columns: list[int] | None = None) -> None:
        super().__init__()
        positive("feature_tokens", dim_in=dim_in, dim=dim)
        self.register_buffer("owner", owners("feature_tokens", dim_in, columns), persistent=False)
        bound = dim**-0.5
        self.weight = nn.Parameter(torch.empty(dim_in, dim).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(len(columns or range(dim_in)), dim).uniform_(-bound, bound))

    def forward(self, x: Float[Tensor, "batch dim_in"]) -> Float[Tensor, "batch time dim"]:
        """A vector for each column."""
        tokens = x.unsqueeze(-1) * self.weight
        return (tokens if self.owner is None else self.owner @ tokens) + self.bias
