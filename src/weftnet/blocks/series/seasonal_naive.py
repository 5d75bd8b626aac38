"""The seasonal naive forecast: the last season of a series over and over; with a season of one step its last value.

    y[h, j] = x[time − period + h mod period, channels[j]]          h = 0 … horizon − 1

Source: R. J. Hyndman, G. Athanasopoulos, Forecasting: principles and practice, 2021, section 5.2,
https://otexts.com/fpp3/simple-methods.html
Differs from torch, which has none.
Cost: no parameters; nothing but a copy.
When: As what a forecast has to beat; it is solved, not trained.
"""

from jaxtyping import Float
from torch import Tensor, nn

from weftnet.blocks._settings import positive


class SeasonalNaive(nn.Module):
    """The last season, repeated.

    Args:
        horizon: steps ahead.
        period: steps of a season; 1 repeats the last value.
        channels: features that are forecast, counted from 0; all of them by default.
    """

    def __init__(self, horizon: int, period: int = 1, channels: list[int] | None = None) -> None:
        super().__init__()
        positive("seasonal_naive", horizon=horizon, period=period)
        if channels is not None and (not channels or min(channels) < 0):
            raise ValueError(f"seasonal_naive: channels: expected numbers of features, from 0 on, got {channels}")
        self.horizon, self.period, self.channels = horizon, period, channels

    def forward(self, x: Float[Tensor, "batch time dim_in"]) -> Float[Tensor, "batch horizon dim"]:
        """Repeat the last season.

        Raises:
            ValueError: the series is shorter than a season, or has no such features.
        """
        time, dim = x.shape[1:]
        if time < self.period:
            raise ValueError(f"seasonal_naive: period: expected at most the series' {time} steps, got {self.period}")
        if self.channels is not None and max(self.channels) >= dim:
            raise ValueError(f"seasonal_naive: channels: expected below {dim}, got {self.channels}")
        steps = [time - self.period + h % self.period for h in range(self.horizon)]
        y = x[:, steps]
        return y if self.channels is None else y[..., self.channels]
