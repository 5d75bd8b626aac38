"""A vector for each column of a table, piecewise linear in its numbers.

    e_t(x) = (x − b_{t−1}) / (b_t − b_{t−1}), clipped to 0 … 1
    y[b, c] = bias[c] + Σ_{i in column c} ( x[b, i] · weight[i] + Σ_t e_t(x[b, i]) · bend[i, t] )

The edges b are learnt once, from the examples that the block sees before the first step (`weftnet.train.first_look`):
quantiles, and values that are common (`weftnet.blocks._edges`); a value of two levels has a single bin. Until then they
divide −2 … 2 evenly. `bend` starts at 0, so that the block starts as a linear one.
Source: Y. Gorishniy, I. Rubachev, A. Babenko, On embeddings for numerical features in tabular deep learning, 2022,
equation 1, https://arxiv.org/abs/2203.05556; beside a linear part, as "version B" of its authors' package
rtdl_num_embeddings has it.
Differs: the outer bins are clipped too, as the linear part goes on beyond them, and a narrow bin would go far; several
values can share a column, as the labels of a category do.
Cost: dim_in · (bins + 1) · dim + columns · dim parameters, 2 · dim_in · bins fixed values;
2 · dim_in · (bins + 1) · dim FLOPs, and 2 · columns · dim_in · dim where columns are wider.
When: For tables, with numbers in bins (`{number: {bins: 16}}`): dense networks then find thresholds as trees do.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from weftnet.blocks._edges import edges_of
from weftnet.blocks._settings import positive
from weftnet.blocks.embedding._columns import owners


class PiecewiseLinearEmbedding(nn.Module):
    """One step for each column of a vector, bent at the edges of bins.

    Args:
        dim_in: values of the vector.
        dim: size of a step.
        bins: the most bins that a value has.
        columns: how many values each column takes up, in order; one each by default.
    """

    owner: Tensor | None
    start: Tensor
    slope: Tensor

    def __init__(self, dim_in: int, dim: int = 8, bins: int = 16, columns: list[int] | None = None) -> None:
        super().__init__()
        positive("piecewise_linear_embedding", dim_in=dim_in, dim=dim, bins=bins)
        self.register_buffer("owner", owners("piecewise_linear_embedding", dim_in, columns), persistent=False)
        self.register_buffer("start", torch.linspace(-2, 2, bins + 1)[:-1].repeat(dim_in, 1))
        self.register_buffer("slope", torch.full((dim_in, bins), bins / 4))
        bound = dim**-0.5
        self.weight = nn.Parameter(torch.empty(dim_in, dim).uniform_(-bound, bound))
        self.bend = nn.Parameter(torch.zeros(dim_in, bins, dim))
        self.bias = nn.Parameter(torch.empty(len(columns or range(dim_in)), dim).uniform_(-bound, bound))

    def forward(self, x: Float[Tensor, "batch dim_in"]) -> Float[Tensor, "batch time dim"]:
        """A vector for each column."""
        shares = ((x.unsqueeze(-1) - self.start) * self.slope).clamp(0, 1)
        bent = torch.matmul(shares.transpose(0, 1), self.bend).transpose(0, 1)  # one product for each value
        tokens = x.unsqueeze(-1) * self.weight + bent
        return (tokens if self.owner is None else self.owner @ tokens) + self.bias

    @torch.no_grad()
    def learn(self, x: Float[Tensor, "batch dim_in"]) -> None:
        """Set the edges of the bins to those of these examples; bins that a value has no need of are 0."""
        self.start.zero_()
        self.slope.zero_()
        for place, values in enumerate(x.double().T.cpu().numpy()):
            edges = torch.tensor(edges_of(values, self.start.shape[1]), dtype=torch.float64)
            count = len(edges) - 1
            self.start[place, :count] = edges[:-1].to(self.start)
            self.slope[place, :count] = (1 / edges.diff()).to(self.slope)
