"""Where a forecast goes wrong: its error by step ahead and by target, and its skill against standing still."""

import math

import numpy as np

from weftnet.report.charts import lines
from weftnet.report.forecasts import Forecasts, skill
from weftnet.report.page import charts, figure, paragraph, table
from weftnet.report.story import Story

#: targets that stand in the table
_TARGETS = 60


def horizon(story: Story) -> str:
    """Two charts over the steps ahead, a sentence, and a table by target."""
    found = story.forecasts
    if found is None:
        return ""
    ahead = range(1, len(found.squares) + 1)
    errors = {
        name: [list(zip(map(float, ahead), by_step.mean(1).tolist(), strict=True))]
        for name, by_step in (("forecast", found.squares), ("naive", found.naive))
    }
    gained = {"skill": [list(zip(map(float, ahead), found.skill, strict=True))]}
    drawn = charts(
        figure(lines(errors, "steps ahead", "mean squared error"), "error by step, standardised, over all targets"),
        figure(lines(gained, "steps ahead", "skill"), "skill by step: 1 is perfect, 0 is no better than the naive one"),
    )
    rows = [_row(found, k) for k in range(len(found.targets))][:_TARGETS]
    head = ["target", "RMSE", "MAE", "naive RMSE", "skill"]
    told = "skill = 1 − mean squared error / that of the naive forecast, which gives the last value for every step. "
    told += "RMSE and MAE are in each target's own unit, over all steps ahead."
    return drawn + paragraph(_told(found)) + table(head, rows) + paragraph(told, soft=True)


def _told(found: Forecasts) -> str:
    worse = [
        step for step, gained in enumerate(found.skill, 1) if not gained > 0
    ]  # nor where standing still is perfect
    last = len(found.squares)
    if not found.naive.any():
        return "The series stand still: standing still has no error, and nothing can be better."
    if not worse:
        return f"At every step ahead, up to {last}, it is better than standing still."
    if len(worse) == last:
        return "At no step ahead is it better than standing still."
    named = ", ".join(map(str, worse[:8])) + (" …" if len(worse) > 8 else "")
    return f"It is no better than standing still at {len(worse)} of {last} steps ahead: {named}."


def _row(found: Forecasts, k: int) -> list[str]:
    scale, error, naive = found.scale[k], found.squares[:, k].mean(), found.naive[:, k].mean()
    gained = skill(error, naive)
    values = [np.sqrt(error) * scale, found.absolute[:, k].mean() * scale, np.sqrt(naive) * scale]
    return [found.targets[k], *(f"{value:.4g}" for value in values), "–" if math.isnan(gained) else f"{gained:.3f}"]
