"""Robust scaling with smooth clipping: the middle half of each value is brought to width 1, far ones to at most 3.

    u = (x − median) · scale
    scale = 1 / (q75 − q25);  2 / (max − min) where these quartiles are equal;  0 where all values are
    y = u / √(1 + (u / 3)²)

Median and scale are learnt once, from the examples that the block sees before the first step
(`weftnet.train.first_look`), and not trained; until then they are 0 and 1.
Source: D. Holzmüller, L. Grinsztajn, I. Steinwart, Better by default: strong pre-tuned MLPs and boosted trees on
tabular data, 2024, section 3, https://arxiv.org/abs/2407.04491.
Differs from torch, which has none.
Cost: no parameters, 2 · dim fixed values; some 6 operations per value.
When: As the first block for tables with outliers, which standardising leaves far out.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from weftnet.blocks._settings import positive

#: what a value is clipped to, smoothly
_LIMIT = 3.0


class RobustScale(nn.Module):
    """Each value less its median, over the width of its middle half, clipped smoothly.

    Args:
        dim: values of the vector.
    """

    median: Tensor
    scale: Tensor

    def __init__(self, dim: int) -> None:
        super().__init__()
        positive("robust_scale", dim=dim)
        self.register_buffer("median", torch.zeros(dim))
        self.register_buffer("scale", torch.ones(dim))

    def forward(self, x: Float[Tensor, "batch dim"]) -> Float[Tensor, "batch dim"]:
        """Scale, then clip."""
        y = (x - self.median) * self.scale
        return y * torch.rsqrt(1 + (y / _LIMIT).square())

    @torch.no_grad()
    def learn(self, x: Float[Tensor, "batch dim"]) -> None:
        """Set median and scale to those of these examples."""
        values = x.double()
        low, middle, high = values.quantile(torch.tensor([0.25, 0.5, 0.75]).to(values), dim=0)
        span = values.amax(0) - values.amin(0)
        width = torch.where(high > low, high - low, span / 2)
        self.median.copy_(middle)
        self.scale.copy_(torch.where(width > 0, 1 / width, 0.0))
