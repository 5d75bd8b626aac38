"""A part made of windows of series: how far forecasts lie from the truth, by step ahead and by target.

    naive      the last value of the window for every step ahead
    skill      1 − mse / naive mse                              1 is perfect, 0 is no better than standing still

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
    """Errors of a part's forecasts, standardised, in the data's order.

    Args:
        targets: the names of what is forecast.
        scale: (targets,) of one standardised unit in each target's own.
        rows: (n,) the row of each window's first step ahead.
        loss: (n,) each window's mean squared error.
        squares: (horizon, targets) mean squared errors.
        absolute: (horizon, targets) mean absolute errors.
        naive: (horizon, targets) the naive forecast's mean squared errors.
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
        """By step ahead, over all targets; NaN where the series stand still."""
        return [skill(a, b) for a, b in zip(self.squares.mean(1), self.naive.mean(1), strict=True)]

    def at(self, share: float) -> int:
        """The place of the window that forecasts better than this share of the others: 0 is the worst one."""
        return int(np.argsort(-self.loss, kind="stable")[round(share * (len(self.loss) - 1))])


@dataclass(frozen=True)
class Window:
    """What was read of one target, what came, and what was said, in its own unit.

    Args:
        read: (context,) values, the last of them at step 0.
        truth: (horizon,) values.
        made: (horizon,) the forecast.
    """

    read: Floats
    truth: Floats
    made: Floats


def judge_forecasts(loaded: Loaded, batches: Iterable[Batch]) -> Forecasts | None:
    """The errors of every window; None for other tasks.

    Raises:
        DataError: there is nothing, or the windows don't know what comes after them.
    """
    settings = loaded.task.settings()
    if "horizon" not in settings:
        return None
    rows, loss, squares, absolute, naive = [], [], [], [], []
    for batch in batches:
        read, truth, made = _values(loaded, batch)
        error = made - truth
        rows.append(batch.rows.cpu().numpy())
        loss.append((error**2).mean((1, 2)))
        squares.append((error**2).sum(0))
        absolute.append(np.abs(error).sum(0))
        naive.append(((read[:, -1:] - truth) ** 2).sum(0))
    if not rows:
        raise DataError("there is nothing to evaluate", expected="at least one window")
    every, losses = np.concatenate(rows), np.concatenate(loss)
    means = [np.sum(each, axis=0) / len(losses) for each in (squares, absolute, naive)]
    return Forecasts(list(settings["targets"]), np.asarray(settings["scale"], np.float64), every, losses, *means)


def windows(loaded: Loaded, batch: Batch) -> list[Window]:
    """A batch of one window, drawn apart into its targets."""
    settings = loaded.task.settings()
    scale, mean = np.asarray(settings["scale"]), np.asarray(settings["mean"])
    read, truth, made = (values[0] * scale + mean for values in _values(loaded, batch))
    return [Window(read[:, k], truth[:, k], made[:, k]) for k in range(len(scale))]


def skill(error: float, naive: float) -> float:
    """1 − error / naive; NaN where standing still is perfect."""
    return 1 - float(error) / float(naive) if naive > 0 else math.nan


def bootstrapped_mean(values: Floats, block: int, seed: int = 0) -> tuple[float, float] | None:
    """The 95 % interval of the mean of values in an order, over samples of whole blocks; None for less than two blocks.

    Args:
        values: (n,).
        block: values that are drawn together.
    """
    n = len(values)
    if n < 2 * block:
        return None
    sums = np.concatenate([[0.0], np.cumsum(values)])
    means = (sums[block:] - sums[:-block]) / block  # of every block of neighbours
    drawn = np.random.default_rng(seed).integers(0, len(means), (_SAMPLES, -(-n // block)))
    low, high = np.quantile(means[drawn].mean(1), (0.025, 0.975))
    return float(low), float(high)


def _values(loaded: Loaded, batch: Batch) -> tuple[Floats, Floats, Floats]:
    """The targets' own window (n, context, targets), what came after it, and the forecast (n, horizon, targets)."""
    if batch.target is None:
        raise DataError("the batch has no target", expected="the steps after every window")
    (series,) = batch.inputs.values()
    found = (series[..., loaded.task.channels], batch.target, loaded.outputs(batch))
    read, truth, made = (values.cpu().numpy().astype(np.float64) for values in found)
    return read, truth, made
