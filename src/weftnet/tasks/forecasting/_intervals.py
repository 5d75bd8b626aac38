"""Intervals of forecasts: split-conformal calibration, of scores that are relative to how restless a window is.

    s[k]         standard deviation of target k over the window + 0.05          standardised, so 0.05 of the training's
    e            max(low − t, t − high) / s            low = high = the forecast, or the outermost quantiles
    m[h, k]      the ⌈(n + 1) · level⌉-th smallest of e[h, k] over n windows that the training didn't see
    interval     from low − m · s to high + m · s, and never without the forecast

Where windows were exchangeable, a new value would lie inside with probability at least `level`, whatever the network:
that is a statement about ranks. Windows of a series overlap and drift, so it holds nearly; the judge counts.
Sources: V. Vovk, A. Gammerman, G. Shafer, Algorithmic learning in a random world, 2005; relative scores: J. Lei and
others, Distribution-free predictive inference for regression, 2018, section 5.2, https://arxiv.org/abs/1604.04173; of
quantiles: Y. Romano, E. Patterson, E. Candès, Conformalized quantile regression, 2019,
https://arxiv.org/abs/1905.03222.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: the least spread of a window: one that stands still is no promise that it goes on so
FLOOR = 0.05
#: most margins that a run keeps; of more, each is that of a step over all targets
MOST = 2**14
#: most scores that are sorted; of more windows, every so-manieth
SCORES = 2**25


def spread(series: NDArray[Any], channels: Sequence[int]) -> NDArray[np.float64]:
    """(batch, 1, targets) how restless windows (batch, time, dim) are."""
    window: NDArray[np.float64] = series[..., list(channels)].astype(np.float64)
    found: NDArray[np.float64] = window.std(1, keepdims=True) + FLOOR
    return found


def scores(
    low: NDArray[np.float64], high: NDArray[np.float64], truth: NDArray[np.float64], scale: NDArray[np.float64]
) -> NDArray[np.float64]:
    """(n, horizon, targets) how far values lie outside, in spreads; negative inside."""
    return np.maximum(low - truth, truth - high) / scale


def rank(count: int, level: float) -> int:
    """⌈(n + 1) · level⌉, from 1; more than n where there are too few values for such a level."""
    return math.ceil(round((count + 1) * level, 9))


def margins(values: NDArray[Any], level: float) -> NDArray[np.float64] | None:
    """(horizon, targets), or (horizon, 1) of very many, of scores (n, horizon, targets); None of too few windows."""
    if values[0].size > MOST:
        values = values.transpose(0, 2, 1).reshape(-1, values.shape[1], 1)
    place = rank(len(values), level)
    if place > len(values):
        return None
    found: NDArray[np.float64] = np.partition(values, place - 1, axis=0)[place - 1].astype(np.float64)
    return found


def rounded(values: NDArray[np.float64]) -> list[list[float]]:
    """Margins as a run keeps them, of six digits."""
    return [[float(f"{each:.6g}") for each in row] for row in values.tolist()]


def ordered(outputs: NDArray[Any], horizon: int, levels: Sequence[float]) -> NDArray[Any]:
    """(batch, levels, horizon, targets) by ascending level, of a network's outputs: the median first, then the others.

    Args:
        outputs: (batch, levels · horizon, targets).
        horizon: steps ahead.
        levels: ascending, ½ among them.
    """
    first, *others = np.split(outputs, len(levels), axis=1)
    others.insert(list(levels).index(0.5), first)
    return np.stack(others, 1)


def bounded(outputs: NDArray[Any], series: NDArray[Any], settings: Mapping[str, Any]) -> dict[str, NDArray[Any]]:
    """The forecast first; with margins `low` and `high`, with levels `quantiles`; all standardised.

    Args:
        outputs: of the network.
        series: the windows that it read.
        settings: of the task.
    """
    horizon, levels = settings["horizon"], settings.get("quantiles") or ()
    forecast = outputs[:, :horizon]
    given = {"forecast": forecast}
    low = high = forecast.astype(np.float64)
    if levels:
        given["quantiles"] = ordered(outputs, horizon, levels)
        low, high = (given["quantiles"][:, place].astype(np.float64) for place in (0, -1))
    if settings.get("margins"):
        apart = np.asarray(settings["margins"]) * spread(series, settings["channels"])
        given["low"] = np.minimum(low - apart, forecast).astype(np.float32)
        given["high"] = np.maximum(high + apart, forecast).astype(np.float32)
    return given
