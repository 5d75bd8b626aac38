"""Errors of a forecast by step ahead and by target, and its skill compared with the naive forecast."""

import math

import numpy as np

from weftnet.report.charts import lines
from weftnet.report.forecasts import Forecasts, skill
from weftnet.report.page import charts, figure, paragraph, table
from weftnet.report.subject import Subject

#: the most targets in the table
_TARGETS = 60


def forecast_errors(subject: Subject) -> str:
    """Two charts over the steps ahead, a sentence, and a table by target."""
    forecasts = subject.forecasts
    if forecasts is None:
        return ""
    ahead = range(1, len(forecasts.squares) + 1)
    errors = {
        name: [list(zip(map(float, ahead), by_step.mean(1).tolist(), strict=True))]
        for name, by_step in (("forecast", forecasts.squares), ("naive", forecasts.naive))
    }
    skills = {"skill": [list(zip(map(float, ahead), forecasts.skill, strict=True))]}
    drawings = charts(
        figure(lines(errors, "steps ahead", "mean squared error"), "error by step, standardised, over all targets"),
        figure(lines(skills, "steps ahead", "skill"), "skill by step: 1 is perfect, 0 is no better than naive"),
    )
    rows = [_row(forecasts, k) for k in range(len(forecasts.targets))][:_TARGETS]
    head = ["target", "RMSE", "MAE", "naive RMSE", "skill"]
    legend = "skill = 1 − mean squared error / that of the naive forecast, which repeats the last value. "
    legend += "RMSE and MAE are in each target's own unit, over all steps ahead."
    return drawings + paragraph(_summary(forecasts)) + table(head, rows) + paragraph(legend, soft=True)


def _summary(forecasts: Forecasts) -> str:
    # NaN, where the naive forecast is perfect, is no better either
    worse = [step for step, gain in enumerate(forecasts.skill, 1) if not gain > 0]
    last = len(forecasts.squares)
    if not forecasts.naive.any():
        return "The series are constant: the naive forecast has no error, and nothing can be better."
    if not worse:
        return f"At every step ahead, up to {last}, it is better than the naive forecast."
    if len(worse) == last:
        return "At no step ahead is it better than the naive forecast."
    steps = ", ".join(map(str, worse[:8])) + (" …" if len(worse) > 8 else "")
    return f"It is no better than the naive forecast at {len(worse)} of {last} steps ahead: {steps}."


def _row(forecasts: Forecasts, k: int) -> list[str]:
    scale, error, naive = forecasts.scale[k], forecasts.squares[:, k].mean(), forecasts.naive[:, k].mean()
    gain = skill(error, naive)
    values = [np.sqrt(error) * scale, forecasts.absolute[:, k].mean() * scale, np.sqrt(naive) * scale]
    return [forecasts.targets[k], *(f"{value:.4g}" for value in values), "–" if math.isnan(gain) else f"{gain:.3f}"]
