"""Forecasting, judged: the error by step ahead and by target, against forecasts that repeat what was.

loss       mean over steps and targets of (y − t)², standardised, of each window
naive      the last value of the window for every step ahead
skill      1 − mse / naive mse                              1 is perfect, 0 is no better than the naive forecast
interval   of the mean squared error: bootstrap over blocks of neighbouring windows, as long as the horizon, since
           windows that begin close to each other share most of what they forecast
baseline   the last value, or that of the last season, whichever is better
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from weftnet.base.figures import Figure, Group, Lines, Paragraph, Table
from weftnet.data.batch import Batch
from weftnet.errors import DataError
from weftnet.tasks._judgement import Answered, Baseline, Bounds, Case, Judgement, Section, Worst
from weftnet.tasks._resampling import bootstrapped_mean
from weftnet.tasks._task import as_arrays
from weftnet.tasks.forecasting._coverage import intervals_section
from weftnet.tasks.forecasting.answer import own_unit
from weftnet.tasks.forecasting.task import Forecasting, past, seasonal

Floats = NDArray[np.float64]
#: the share of windows with a worse forecast → caption
_CHOSEN = {0.9: "a good one", 0.5: "a typical one", 0.1: "a bad one", 0.0: "the worst one"}
#: the most targets that are drawn, and in the table
_DRAWN, _LISTED = 4, 60
_BELOW = (
    "Error by step, standardised, over all targets: the forecast should stay below the naive one. "
    "Look for the step from which it doesn't."
)
_ABOVE = "1 is perfect, 0 is no better than the naive forecast: look for how many steps ahead it stays above 0."


@dataclass(frozen=True)
class Errors:
    """Errors of a split's forecasts, standardised, in the data's order.

    Args:
        rows: (n,) the row of the first step ahead of each window.
        loss: (n,) the mean squared error of each window.
        squares: (horizon, targets) mean squared errors.
        absolute: (horizon, targets) mean absolute errors.
        naive: (horizon, targets) mean squared errors of the naive forecast.
        seasonal: (horizon, targets) those of the seasonal one; infinite where the task knows no period.
    """

    rows: NDArray[np.int64]
    loss: Floats
    squares: Floats
    absolute: Floats
    naive: Floats
    seasonal: Floats

    def at(self, share: float) -> int:
        """The index of the window whose forecast is better than this share of the others: 0 is the worst one."""
        return int(np.argsort(-self.loss, kind="stable")[round(share * (len(self.loss) - 1))])


def forecasting(task: Forecasting, answered: Answered) -> Judgement:
    """The judgement of a split.

    Raises:
        DataError: it has no windows, or nothing comes after them.
    """
    errors = errors_of(task, answered)
    bounds = bootstrapped_mean(errors.loss, task.horizon)
    last = Baseline(float(errors.naive.mean()), "always the last value")
    season = Baseline(float(errors.seasonal.mean()), "always the value of the last season")
    worst = errors.at(0.0)
    return Judgement(
        interval=Bounds(*bounds, "bootstrap, over blocks of neighbouring windows") if bounds else None,
        baseline=min(last, season, key=lambda each: each.score),
        sections=(
            Section("Forecasts", _windows(task, answered, errors)),
            *intervals_section(task, answered),
            Section("Errors", error_figures(task.targets, task.scale, errors)),
        ),
        worst=Worst((Case(worst, int(errors.rows[worst])),), "windows with the largest error", best=errors.at(1.0)),
    )


def errors_of(task: Forecasting, answered: Answered) -> Errors:
    """The errors of every window."""
    rows, loss, sums = [], [], []
    for batch, outputs in answered.pairs():
        known, truth, forecast = _values(task, batch, outputs.cpu().numpy())
        places = seasonal(known.shape[1], task.horizon, task.period) if task.period else None
        repeated = known[:, places] if places else np.full_like(truth, np.inf)
        error = forecast - truth
        rows.append(batch.rows.cpu().numpy())
        loss.append((error**2).mean((1, 2)))
        each = (error**2, np.abs(error), (known[:, -1:] - truth) ** 2, (repeated - truth) ** 2)
        sums.append(np.stack([values.sum(0) for values in each]))
    if not rows:
        raise DataError("there is nothing to judge", where=answered.data.name, got=f"no {answered.split} windows")
    losses = np.concatenate(loss)
    return Errors(np.concatenate(rows), losses, *(np.sum(sums, axis=0) / len(losses)))


def error_figures(targets: list[str], scale: list[float], errors: Errors) -> tuple[Figure, ...]:
    """Two charts over the steps ahead, a sentence, and a table by target."""
    by_step, naive = errors.squares.mean(1), errors.naive.mean(1)
    skills = [skill(a, b) for a, b in zip(by_step, naive, strict=True)]
    curves = {"forecast": _ahead(by_step.tolist()), "naive": _ahead(naive.tolist())}
    drawn = (
        Lines(curves, "steps ahead", "mean squared error", _BELOW),
        Lines({"skill": _ahead(skills)}, "steps ahead", "skill", _ABOVE),
    )
    rows = tuple(_row(name, scale[k], errors, k) for k, name in enumerate(targets[:_LISTED]))
    legend = "skill = 1 − mean squared error / that of the naive forecast, which repeats the last value. "
    legend += "RMSE and MAE are in each target's own unit, over all steps ahead."
    return (
        Group(drawn),
        Paragraph(_summary(skills, bool(naive.any()))),
        Table("targets", ("target", "RMSE", "MAE", "naive RMSE", "skill"), rows),
        Paragraph(legend, soft=True),
    )


def skill(error: float, naive: float) -> float:
    """1 − error / naive; NaN where the naive forecast is perfect."""
    return 1 - float(error) / float(naive) if naive > 0 else math.nan


def _values(task: Forecasting, batch: Batch, outputs: NDArray[np.float32]) -> tuple[Floats, Floats, Floats]:
    """The targets' past (n, context, targets), and their truth and forecast (n, horizon, targets)."""
    known, truth = past(batch)[..., task.channels].cpu().numpy(), batch.target.cpu().numpy()
    return known.astype(np.float64), truth.astype(np.float64), outputs.astype(np.float64)


def _row(name: str, scale: float, errors: Errors, k: int) -> tuple[str | float, ...]:
    error, naive = float(errors.squares[:, k].mean()), float(errors.naive[:, k].mean())
    absolute = float(errors.absolute[:, k].mean())
    return name, math.sqrt(error) * scale, absolute * scale, math.sqrt(naive) * scale, skill(error, naive)


def _summary(skills: list[float], naive_errs: bool) -> str:
    # NaN, where the naive forecast is perfect, is no better either
    worse = [step for step, gain in enumerate(skills, 1) if not gain > 0]
    last = len(skills)
    if not naive_errs:
        return "The series are constant: the naive forecast has no error, and nothing can be better."
    if not worse:
        return f"At every step ahead, up to {last}, it is better than the naive forecast."
    if len(worse) == last:
        return "At no step ahead is it better than the naive forecast."
    steps = ", ".join(map(str, worse[:8])) + (" …" if len(worse) > 8 else "")
    return f"It is no better than the naive forecast at {len(worse)} of {last} steps ahead: {steps}."


def _windows(task: Forecasting, answered: Answered, errors: Errors) -> tuple[Figure, ...]:
    """A few windows for each target, good ones and bad ones: the past, the truth, the forecast, and the naive one."""
    captions: dict[int, str] = {}
    for share, caption in _CHOSEN.items():
        captions.setdefault(errors.at(share), caption)
    settings = {"scale": task.scale, "mean": task.mean}
    values: dict[int, list[Floats]] = {}
    for place, batch in answered.at(list(captions)):
        given = as_arrays(answered.infer(batch))
        ends = [given[name] for name in ("low", "high") if name in given]
        shown = (*_values(task, batch, given["forecast"]), *ends)
        values[place] = [own_unit(each[0], settings) for each in shown]
    legend = "Chosen by the error over all targets: 90 %, 50 %, 10 % and none of the windows have a larger one. "
    legend += "Step 0 is the last step of the input; the row is counted from 0."
    if len(task.targets) > _DRAWN:
        legend += f" {len(task.targets) - _DRAWN} more targets are not drawn."
    groups = [
        Group(
            tuple(
                _curves(target, [each[:, k] for each in values[place]], f"{how}: from row {errors.rows[place]} on")
                for place, how in captions.items()
            ),
            target if len(task.targets) > 1 else "",
        )
        for k, target in enumerate(task.targets[:_DRAWN])
    ]
    return (Paragraph(legend, soft=True), *groups)


def _curves(target: str, values: Sequence[Floats], caption: str) -> Lines:
    """The past, the truth and the forecast of one target, and the ends of its interval."""
    known, truth, forecast, *ends = values
    last, end = (0.0, float(known[-1])), float(len(truth))
    observed = np.concatenate([known, truth]).tolist()
    between = {name: _ahead(each.tolist()) for name, each in zip(("low", "high"), ends, strict=False)}
    curves = {
        "forecast": [last, *_ahead(forecast.tolist())],
        "naive": [last, (end, last[1])],
        "past and truth": [(float(step - len(known) + 1), value) for step, value in enumerate(observed)],
        **between,
    }
    return Lines(curves, "step", target, caption)


def _ahead(values: list[float]) -> list[tuple[float, float]]:
    """Points over the steps 1, 2, …"""
    return [(float(step), value) for step, value in enumerate(values, 1)]
