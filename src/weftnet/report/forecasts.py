"""Forecasts on a split that consists of windows of series: their errors by step ahead and by target.

    naive      the last value of the window for every step ahead
    skill      1 − mse / naive mse                              1 is perfect, 0 is no better than the naive forecast

Windows that begin close to each other share most of what they forecast, so their errors are not independent. The
interval of the mean is therefore from a bootstrap that draws whole blocks of neighbouring windows, as long as the
horizon (H. R. Künsch, The jackknife and the bootstrap for general stationary observations, 1989,
https://doi.org/10.1214/aos/1176347265).
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from weftnet.data import Batch
from weftnet.errors import DataError
from weftnet.run.loading import Loaded

Floats = NDArray[np.float64]
_SAMPLES = 1000


@dataclass(frozen=True)
class Forecasts:
    """Errors of a split's forecasts, standardised, in the data's order.

    Args:
        targets: the names of the columns that are forecast.
        scale: (targets,) the size of a standardised unit in each target's own unit.
        rows: (n,) the row of the first step ahead of each window.
        loss: (n,) the mean squared error of each window.
        squares: (horizon, targets) mean squared errors.
        absolute: (horizon, targets) mean absolute errors.
        naive: (horizon, targets) mean squared errors of the naive forecast.
    """

    targets: list[str]
    scale: Floats
    rows: NDArray[np.int64]
    loss: Floats
    squares: Floats
    absolute: Floats
    naive: Floats

    @property
    def skill(self) -> list[float]:
        """By step ahead, over all targets; NaN where the series are constant."""
        return [skill(a, b) for a, b in zip(self.squares.mean(1), self.naive.mean(1), strict=True)]

    def at(self, share: float) -> int:
        """The index of the window whose forecast is better than this share of the others: 0 is the worst one."""
        return int(np.argsort(-self.loss, kind="stable")[round(share * (len(self.loss) - 1))])


@dataclass(frozen=True)
class Window:
    """The past, the truth and the forecast of one target, in its own unit.

    Args:
        past: (context,) values, the last of them at step 0.
        truth: (horizon,) values.
        forecast: (horizon,) values.
    """

    past: Floats
    truth: Floats
    forecast: Floats


def judge_forecasts(loaded: Loaded, batches: Iterable[Batch]) -> Forecasts | None:
    """The errors of every window; None for other tasks.

    Raises:
        DataError: there are no windows, or they have no target.
    """
    settings = loaded.task.settings()
    if "horizon" not in settings:
        return None
    rows, loss, squares, absolute, naive = [], [], [], [], []
    for batch in batches:
        past, truth, forecast = _values(loaded, batch)
        error = forecast - truth
        rows.append(batch.rows.cpu().numpy())
        loss.append((error**2).mean((1, 2)))
        squares.append((error**2).sum(0))
        absolute.append(np.abs(error).sum(0))
        naive.append(((past[:, -1:] - truth) ** 2).sum(0))
    if not rows:
        raise DataError("there is nothing to evaluate", expected="at least one window")
    losses = np.concatenate(loss)
    means = [np.sum(each, axis=0) / len(losses) for each in (squares, absolute, naive)]
    scale = np.asarray(settings["scale"], np.float64)
    return Forecasts(list(settings["targets"]), scale, np.concatenate(rows), losses, *means)


def windows(loaded: Loaded, batch: Batch) -> list[Window]:
    """A batch of one window, split by target."""
    settings = loaded.task.settings()
    scale, mean = np.asarray(settings["scale"]), np.asarray(settings["mean"])
    past, truth, forecast = (values[0] * scale + mean for values in _values(loaded, batch))
    return [Window(past[:, k], truth[:, k], forecast[:, k]) for k in range(len(scale))]


def skill(error: float, naive: float) -> float:
    """1 − error / naive; NaN where the naive forecast is perfect."""
    return 1 - float(error) / float(naive) if naive > 0 else math.nan


def bootstrapped_mean(values: Floats, block: int, seed: int = 0) -> tuple[float, float] | None:
    """The 95 % interval of the mean of a sequence, over samples of whole blocks; None for less than two blocks.

    Args:
        values: (n,).
        block: how many neighbouring values are drawn together.
    """
    n = len(values)
    if n < 2 * block:
        return None
    sums = np.concatenate([[0.0], np.cumsum(values)])
    means = (sums[block:] - sums[:-block]) / block  # of every block of neighbours
    starts = np.random.default_rng(seed).integers(0, len(means), (_SAMPLES, -(-n // block)))
    low, high = np.quantile(means[starts].mean(1), (0.025, 0.975))
    return float(low), float(high)


def _values(loaded: Loaded, batch: Batch) -> tuple[Floats, Floats, Floats]:
    """The targets' past (n, context, targets), and their truth and forecast (n, horizon, targets)."""
    if batch.target is None:
        raise DataError("the batch has no target", expected="the steps after every window")
    (series,) = batch.inputs.values()
    tensors = (series[..., loaded.task.settings()["channels"]], batch.target, loaded.outputs(batch))
    past, truth, forecast = (values.cpu().numpy().astype(np.float64) for values in tensors)
    return past, truth, forecast
