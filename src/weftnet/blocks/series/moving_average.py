"""The moving average of a series, its trend; or what remains of the series without it.

    trend[t] = mean of x[s] over the real steps s with |s − t| ≤ ⌊size / 2⌋
    y = trend, or x − trend

Source: H. Wu, J. Xu, J. Wang, M. Long, Autoformer: decomposition transformers with auto-correlation for long-term
series forecasting, 2021, https://arxiv.org/abs/2106.13008; in DLinear: A. Zeng and others, 2023,
https://arxiv.org/abs/2205.13504
Differs from the papers: at both ends the mean is over the steps that are there; they repeat the first and the last
step. It is `nn.AvgPool1d(size, 1, size // 2, count_include_pad=False)`, features last, with masks.
Cost: no parameters; size additions a value.
When: To part a series into trend and rest, each of which a simple map forecasts well (DLinear).
"""

import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn


class MovingAverage(nn.Module):
    """The trend of every feature, or the rest.

    Args:
        size: steps of the window, an odd number.
        remainder: whether the series without its trend is given, instead of the trend.
    """

    def __init__(self, size: int = 25, remainder: bool = False) -> None:
        super().__init__()
        if size < 1 or size % 2 == 0:
            raise ValueError(f"moving_average: size: expected a positive odd number, got {size}")
        self.size, self.remainder = size, remainder

    def forward(
        self, x: Float[Tensor, "batch time dim"], mask: Bool[Tensor, "batch time"] | None = None
    ) -> Float[Tensor, "batch time dim"]:
        """Average over the window around each step; steps where the mask is False neither count nor get a value."""
        if mask is None:
            trend = self._mean(x)
            return x - trend if self.remainder else trend
        real = mask.unsqueeze(-1)
        x = x.masked_fill(~real, 0)
        share = self._mean(real.to(x.dtype))  # of the steps of a window that are real
        trend = self._mean(x) / share.masked_fill(~real, 1)
        return (x - trend if self.remainder else trend).masked_fill(~real, 0)

    def _mean(self, x: Tensor) -> Tensor:
        """Over the steps of each window that lie in the series."""
        padding = self.size // 2
        y = F.avg_pool1d(x.transpose(1, 2), self.size, 1, padding, count_include_pad=False)
        return y.transpose(1, 2)
