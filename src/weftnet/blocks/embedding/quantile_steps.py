"""Quantile steps: each value, and which of its edges it exceeds; a weighted sum of them is a piecewise linear curve.

    y[i·bins] = x_i,   y[i·bins + j] = 1 if x_i > e_{i,j}, else 0           j = 1 … bins − 1, e ascending

The edges e are learnt once, from the examples the block sees before the first step (`weftnet.train.first_look`). The
commonest value of a column, where it is more common than a bin, has a bin of its own; the other edges lie between
equally many of the remaining values, so that a column of many zeros is divided where it has values. Edges that a column
has no values for are ∞, as all are until the block has learnt.
Source: J. Dougherty, R. Kohavi, M. Sahami, Supervised and unsupervised discretization of continuous features, 1995,
https://doi.org/10.1016/B978-1-55860-377-6.50032-3 (equal frequency). Steps instead of one-hot bins: a penalty on their
weights then keeps neighbouring bins alike. Differs: the value itself, and the own bin of the commonest one, are added.
Differs from torch, which has none.
Cost: no parameters, dim_in·(bins − 1) fixed edges; as many comparisons. The gradient sees the value alone, no edge.
When: As the first block of a linear model or a small network for tables whose columns act by thresholds.
"""

from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from weftnet.blocks._settings import positive


class QuantileSteps(nn.Module):
    """Each value, and which of its edges it exceeds.

    Args:
        dim_in: values of an example.
        bins: of each value, at least 2.
    """

    differentiable: ClassVar[bool] = False
    edges: Tensor

    def __init__(self, dim_in: int, bins: int = 16) -> None:
        super().__init__()
        positive("quantile_steps", dim_in=dim_in)
        if bins < 2:
            raise ValueError(f"quantile_steps: bins: expected at least 2, got {bins}")
        self.bins = bins
        self.register_buffer("edges", torch.full((dim_in, bins - 1), torch.inf))

    def forward(self, x: Float[Tensor, "batch dim_in"]) -> Float[Tensor, "batch dim_out"]:
        """The first value and its steps, the second one …"""
        value = x[:, :, None]
        return torch.cat([value, (value > self.edges).to(x.dtype)], 2).flatten(1)

    @torch.no_grad()
    def learn(self, x: Float[Tensor, "batch dim_in"]) -> None:
        """Set the edges for these values."""
        self.edges.fill_(torch.inf)
        for column, edges in zip(x.double().T, self.edges, strict=True):
            found = _edges(column, self.bins)
            edges[: len(found)] = found


def _edges(values: Tensor, bins: int) -> Tensor:
    """At most `bins − 1` edges, ascending, each in the middle between two neighbouring values."""
    distinct, counts = torch.unique(values, return_counts=True)
    if len(distinct) <= bins:
        cuts = torch.arange(len(distinct) - 1, device=values.device)
    else:
        common = int(counts.argmax())
        around = [common - 1, common] if counts[common] * bins > len(values) and bins > 3 else []
        around = [cut for cut in around if 0 <= cut < len(distinct) - 1]
        if around:
            counts[common] = 0
        shares = torch.arange(1, bins - len(around), device=values.device) / (bins - len(around))
        inner = torch.searchsorted(counts.cumsum(0), shares * counts.sum())
        cuts = torch.unique(torch.cat([inner, inner.new_tensor(around)]).clamp_max(len(distinct) - 2))
    between: Tensor = (distinct[cuts] + distinct[cuts + 1]) / 2
    return between
