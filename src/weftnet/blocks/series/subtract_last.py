"""A series as differences from its last value, or from its last season: what is left does not depend on its level.

    y[t] = x[t] − x[last − (last − t) mod period]       last: the last real step; with period 1 it is x[t] − x[last]

A network f of these differences, to whose forecast the last value is added again, follows a series to wherever it
drifts: y = f(x − x[last]) + x[last] is moved by c when the series is.
Source: A. Zeng, M. Chen, L. Zhang, Q. Xu, Are Transformers effective for time series forecasting?, 2023, its NLinear,
https://arxiv.org/abs/2205.13504
Differs from the paper: there the period is 1.
Cost: no parameters; one subtraction a value.
When: At both ends of a forecaster whose series drift: what it learns at one level then holds at another.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from weftnet.blocks._settings import positive


class SubtractLast(nn.Module):
    """Differences from the last step, or the last season.

    Args:
        period: steps of a season.
    """

    def __init__(self, period: int = 1) -> None:
        super().__init__()
        positive("subtract_last", period=period)
        self.period = period

    def forward(
        self, x: Float[Tensor, "batch time dim"], mask: Bool[Tensor, "batch time"] | None = None
    ) -> Float[Tensor, "batch time dim"]:
        """Subtract from each step the step of the last season that stands where it stands.

        Raises:
            ValueError: the series is shorter than a season.
        """
        time = x.shape[1]
        if time < self.period:
            raise ValueError(f"subtract_last: period: expected at most the series' {time} steps, got {self.period}")
        t = torch.arange(time, device=x.device)
        if mask is None:
            return x - x[:, time - 1 - (time - 1 - t) % self.period]
        last = (mask * t).amax(1, keepdim=True)
        places = (last - (last - t) % self.period).clamp(min=0)
        x = x.masked_fill(~mask.unsqueeze(-1), 0)
        y = x - x.gather(1, places.unsqueeze(-1).expand_as(x))
        return y.masked_fill(~mask.unsqueeze(-1), 0)
