"""Quantiles that never cross: a median, and distances from each to the next that can't be negative.

    x = [median; raw distances of the others, by ascending level], each (steps, dim) behind one another along time
    q[½] = median,   q[above] = q[below] + softplus(raw),   q[below] = q[above] − softplus(raw)

The output has the layout of x: the median, then the other levels in ascending order.
Source: that distances add up to quantiles which can't cross, J. Gasthaus and others, Probabilistic forecasting with
spline quantile function RNNs, 2019, https://proceedings.mlr.press/v89/gasthaus19a.html; here the levels are fixed.
Differs from sorting, which hides a crossing and gives its gradient to another level.
Cost: no parameters; a softplus and an addition a value.
When: At the end of a forecast with quantiles. The task adds it by itself.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F


class OrderedQuantiles(nn.Module):
    """From raw values to quantiles.

    Args:
        levels: ascending, in (0, 1), ½ among them; by default 0.1, 0.5 and 0.9.
    """

    def __init__(self, levels: list[float] | None = None) -> None:
        super().__init__()
        levels = [0.1, 0.5, 0.9] if levels is None else levels
        ascending = all(a < b for a, b in zip([0.0, *levels], [*levels, 1.0], strict=True))
        if not ascending or 0.5 not in levels or len(levels) < 2:
            raise ValueError(f"ordered_quantiles: levels: expected 0.5 and others, ascending in (0, 1), got {levels}")
        self.below, self.count = levels.index(0.5), len(levels)

    def forward(self, x: Float[Tensor, "batch time dim"]) -> Float[Tensor, "batch time dim"]:
        """Add up the distances.

        Raises:
            ValueError: the steps can't be divided among the levels.
        """
        if x.shape[1] % self.count:
            raise ValueError(f"ordered_quantiles: expected steps for each of {self.count} levels, got {x.shape[1]}")
        median, *raw = x.chunk(self.count, 1)
        gaps = F.softplus(torch.stack(raw, 1))
        below, above = gaps[:, : self.below], gaps[:, self.below :]
        under = median.unsqueeze(1) - below.flip(1).cumsum(1).flip(1)
        over = median.unsqueeze(1) + above.cumsum(1)
        return torch.cat([median, under.flatten(1, 2), over.flatten(1, 2)], 1)
