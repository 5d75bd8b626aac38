"""The season of series: the number of steps whose repetition forecasts their training part best.

    D[lag]     mean over steps and columns of (x[t] − x[t − lag])²,   x standardised, within each series
    error(p)   mean of D[p · ⌈h / p⌉] over h = 1 … horizon: of the forecast that repeats the last p steps
    season     the smallest p of 2 … context whose error is within 1 % of the least, or its smallest divisor whose error
               is larger by chance only, at most by two standard errors √(2 / n) of a mean of n squares; none, unless
               that is below 95 % of error(1), the error of the last value, and 1.5 times the variance: that of noise
               is twice its variance

Of a series longer than 20,000 steps the newest of them are looked at.
Source: R. J. Hyndman, G. Athanasopoulos, Forecasting: principles and practice, 2021, section 5.2.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_STEPS, _NEAR, _GAIN, _NOISE = 20_000, 1.01, 0.95, 1.5


@dataclass(frozen=True)
class Season:
    """What repeats.

    Args:
        period: steps of a season.
        error: mean squared error of the forecast that repeats the last season, standardised.
        last: that of the last value.
    """

    period: int
    error: float
    last: float

    def __str__(self) -> str:
        compared = f"mse {self.error:.3g} over the training part, beside {self.last:.3g} of the last value"
        return f"a season of {self.period} steps: repeating the last one gives {compared}"


def season(series: Sequence[NDArray[np.float32]], context: int, horizon: int) -> Season | None:
    """What repeats in the series; None where nothing repeats better than the last value.

    Args:
        series: each (steps, columns), standardised.
        context: the longest season.
        horizon: steps ahead.
    """
    recent = [each[-_STEPS:].astype(np.float64) for each in series if len(each)]
    lags = _differences(recent, context + horizon)
    ahead = np.arange(1, horizon + 1)
    errors = np.array([lags[period * -(-ahead // period)].mean() for period in range(1, context + 1)])
    if len(errors) < 2 or not np.isfinite(errors[1:]).any():
        return None
    last, best = float(errors[0]), float(np.nanmin(errors[1:]))
    spread = sum(float(np.square(each - each.mean(0)).sum()) for each in recent) / sum(each.size for each in recent)
    limit = min(_GAIN * last, _NOISE * spread)
    if not best < limit:  # NaN: the series are shorter than the horizon
        return None
    whole = int(np.argmax(errors[1:] <= _NEAR * best)) + 2
    chance = (1 + 2 * math.sqrt(2 / sum(map(len, recent)))) * errors[whole - 1]
    period = next(
        p for p in range(2, whole + 1) if whole % p == 0 and errors[p - 1] <= chance and errors[p - 1] < limit
    )
    return Season(period, float(errors[period - 1]), last)


def _differences(series: Sequence[NDArray[np.float64]], most: int) -> NDArray[np.float64]:
    """(most + 1,) D by lag; NaN where no series is long enough."""
    found = np.full(most + 1, np.nan)
    for lag in range(1, most + 1):
        long = [each for each in series if len(each) > lag]
        if long:
            squares = sum(float(np.square(each[lag:] - each[:-lag]).sum()) for each in long)
            found[lag] = squares / sum(each[lag:].size for each in long)
    return found
