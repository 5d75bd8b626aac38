"""What it forecasts: some windows drawn, good ones and bad ones."""

import numpy as np

from weftnet.report.charts import lines
from weftnet.report.forecasts import Window
from weftnet.report.forecasts import windows as windows_of
from weftnet.report.page import charts, figure, heading, paragraph
from weftnet.report.story import Story

#: the share of windows that are forecast worse → what it is called; targets that are drawn
_SHOWN = {0.9: "a good one", 0.5: "a middling one", 0.1: "a bad one", 0.0: "the worst one"}
_TARGETS = 4


def windows(story: Story) -> str:
    """For each target a few windows: what was read, what came, what was said, and the last value standing still."""
    found = story.forecasts
    if found is None:
        return ""
    named: dict[int, str] = {}
    for share, name in _SHOWN.items():
        named.setdefault(found.at(share), name)
    drawn = {place: windows_of(story.loaded, batch) for place, batch in story.batches(list(named))}
    parts = []
    for k, target in enumerate(found.targets[:_TARGETS]):
        figures = [
            figure(_curves(drawn[place][k], target), f"{name}: from row {int(found.rows[place])} on")
            for place, name in named.items()
        ]
        parts.append((heading(target) if len(found.targets) > 1 else "") + charts(*figures))
    told = "Chosen by the error over all targets: nine in ten, half, one in ten and none of the windows are worse. "
    told += "Step 0 is the last that was read; the row is counted from 0."
    if len(found.targets) > _TARGETS:
        told += f" {len(found.targets) - _TARGETS} more targets are not drawn."
    return paragraph(told, soft=True) + "".join(parts)


def _curves(window: Window, target: str) -> str:
    last, end = (0.0, float(window.read[-1])), len(window.truth)
    real = np.concatenate([window.read, window.truth]).tolist()
    curves = {
        "forecast": [[last, *((float(step), value) for step, value in enumerate(window.made.tolist(), 1))]],
        "naive": [[last, (float(end), last[1])]],
        "read, then truth": [[(float(step - len(window.read) + 1), value) for step, value in enumerate(real)]],
    }
    return lines(curves, "step", target)
