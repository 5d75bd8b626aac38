"""Whether intervals keep what they promise: how many values of a split lie inside, and how wide the intervals are.

    as calibrated    by the margins of the run, from the validation split
    rolling          by margins from the newest windows whose whole target was known before, as many as calibrated the
                     run: what one gets who calibrates anew while the series goes on; anew once in a horizon

Source of the second: Y. Zaffran and others, Adaptive conformal predictions for time series, 2022, where it is the
sliding window that others are compared with, https://arxiv.org/abs/2202.07282.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from weftnet.base.figures import Figure, Group, Lines, Paragraph, Table
from weftnet.base.numbers import number
from weftnet.data.forecasting import ForecastData
from weftnet.data.outputs import chosen
from weftnet.tasks._judgement import Answered, Section
from weftnet.tasks.forecasting._intervals import SCORES, margins
from weftnet.tasks.forecasting.task import Forecasting

#: the most series, or targets, in a table; the most times that margins are computed anew
_LISTED, _ANEW = 60, 64
_PROMISED = (
    "The share of values inside their interval, over all targets: it should lie on what is promised; "
    "below, the intervals are too narrow."
)
_WIDER = "Mean width of the intervals, standardised: they should widen with the steps ahead, as less is certain."


@dataclass(frozen=True)
class Seen:
    """A split's intervals beside the truth, in the order of its windows.

    Args:
        ticks: (n) when each window's target begins.
        series: (n) the number of its series.
        inside: (n, horizon, targets) whether the truth lies in the interval.
        width: (n, horizon, targets) of the interval, standardised.
        scores: (n, horizon, targets) how far the truth lies outside before margins, see `_intervals.py`.
    """

    ticks: NDArray[np.int64]
    series: NDArray[np.int64]
    inside: NDArray[np.bool_]
    width: NDArray[np.float32]
    scores: NDArray[np.float32]


def intervals_section(task: Forecasting, answered: Answered) -> tuple[Section, ...]:
    """Coverage and width by step, target and series; nothing without intervals."""
    data = answered.data
    if not task.margins or not isinstance(data, ForecastData):
        return ()
    seen = _seen(task, answered, data, answered.split)
    steps = range(1, task.horizon + 1)
    curves = {
        "inside": list(zip(map(float, steps), seen.inside.mean((0, 2)).tolist(), strict=True)),
        "promised": [(1.0, task.interval), (float(task.horizon), task.interval)],
    }
    widths = {"width": list(zip(map(float, steps), seen.width.mean((0, 2)).tolist(), strict=True))}
    rolled = None
    if answered.split != "validation" and data.sizes.get("validation"):
        rolled = rolling(task, _seen(task, answered, data, "validation"), seen)
    figures: list[Figure] = [
        Paragraph(_summary(task, seen, rolled, answered.split)),
        Group((
            Lines(curves, "steps ahead", "share inside", _PROMISED),
            Lines(widths, "steps ahead", "width", _WIDER),
        )),
        _by_target(task, seen, rolled),
        *_by_series(data.series_names, seen),
        *_by_level(task, answered),
    ]  # fmt: skip
    return (Section("Intervals", tuple(figures)),)


def rolling(task: Forecasting, before: Seen, now: Seen) -> NDArray[np.float32] | None:
    """(targets,) the share inside by margins that follow the series; None where too few windows were known.

    Args:
        task: with its level and horizon.
        before: the windows that the run was calibrated with.
        now: those that are judged, later ones.
    """
    order, kept = np.argsort(now.ticks, kind="stable"), len(before.ticks)
    earlier = np.argsort(before.ticks, kind="stable")
    values = np.concatenate([before.scores[earlier], now.scores[order]])
    ticks = np.concatenate([before.ticks[earlier], now.ticks[order]])
    first, last = int(ticks[kept]), int(ticks[-1]) + 1
    stride = max(task.horizon, (last - first) // _ANEW)
    found = []
    for start in range(first, last, stride):
        known = int(np.searchsorted(ticks, start - task.horizon, side="right"))
        margin = margins(values[max(0, known - kept) : known], task.interval) if known else None
        if margin is None:
            return None
        a, b = np.searchsorted(ticks, (start, start + stride))
        found.append((values[max(a, kept) : b] <= margin).mean(1, dtype=np.float32))
    share: NDArray[np.float32] = np.concatenate(found).mean(0)
    return share


def _seen(task: Forecasting, answered: Answered, data: ForecastData, split: str) -> Seen:
    """Of every window, or of every so-manieth where they are very many."""
    every = -(-data.sizes[split] * task.horizon * len(task.targets) // SCORES)
    parts: list[list[NDArray[np.float32]]] = [[], [], []]
    count = 0
    for batch in Answered(data, split, answered.infer, answered.model).batches():
        wanted = slice(-count % every, None, every)
        count += batch.size
        given, truth = answered.infer(batch), batch.target.cpu().numpy()
        low, high = (chosen(given, name).cpu().numpy() for name in ("low", "high"))
        each = ((low <= truth) & (truth <= high), high - low, task.outside(batch, given))
        for part, values in zip(parts, each, strict=True):
            part.append(values[wanted])
    inside, width, scores = (np.concatenate(part) for part in parts)
    return Seen(data.ticks(split)[::every], data.series(split)[::every], inside.astype(bool), width, scores)


def _summary(task: Forecasting, seen: Seen, rolled: NDArray[np.float32] | None, split: str) -> str:
    share, promised = float(seen.inside.mean()), task.interval
    words = f"Of the {split} values {100 * share:.1f} % lie in their intervals, which promise {100 * promised:g} %; "
    words += f"they are {number(seen.width.mean(), 3)} standard deviations wide on average. "
    if abs(share - promised) > 0.02:
        kind = "harder" if share < promised else "easier"
        words += f"The windows they were calibrated with are not like these, which are {kind} to forecast. "
    if rolled is not None:
        words += f"Calibrated anew while the series goes on, they would hold {100 * float(rolled.mean()):.1f} %."
    return words


def _by_target(task: Forecasting, seen: Seen, rolled: NDArray[np.float32] | None) -> Table:
    inside, width = seen.inside.mean((0, 1)), seen.width.mean((0, 1)) * np.asarray(task.scale)
    anew = np.full(len(inside), np.nan) if rolled is None else np.broadcast_to(rolled, inside.shape)
    rows = [
        (name, float(inside[k]), float(anew[k]), float(width[k])) for k, name in enumerate(task.targets[:_LISTED])
    ]  # fmt: skip
    columns = ("target", "inside", "calibrated anew", "mean width")
    return Table("intervals", columns, tuple(rows), {"inside": "share", "calibrated anew": "share"})


def _by_series(names: tuple[str, ...], seen: Seen) -> tuple[Figure, ...]:
    """A row for each series, where a column distinguishes them."""
    if not names:
        return ()
    rows = []
    for place, name in enumerate(names[:_LISTED]):
        own = seen.series == place
        if own.any():
            rows.append((name, int(own.sum()), float(seen.inside[own].mean()), float(seen.width[own].mean())))
    return (Table("intervals by series", ("series", "windows", "inside", "width"), tuple(rows), {"inside": "share"}),)


def _by_level(task: Forecasting, answered: Answered) -> tuple[Figure, ...]:
    """Of quantiles: the share of values below each of them."""
    if not task.quantiles:
        return ()
    below, count = np.zeros(len(task.quantiles)), 0
    for batch in answered.batches():
        truth = batch.target.unsqueeze(1).cpu()
        under = truth <= chosen(answered.infer(batch), "quantiles").cpu()
        below += under.double().mean((2, 3)).sum(0).numpy()
        count += batch.size
    rows = tuple((f"{level:g}", float(share)) for level, share in zip(task.quantiles, below / count, strict=True))
    return (Table("quantiles", ("level", "values below"), rows, {"values below": "share"}),)
