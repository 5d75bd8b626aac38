"""Some forecasts drawn, good ones and bad ones."""

import numpy as np

from weftnet.report.charts import lines
from weftnet.report.forecasts import Window
from weftnet.report.forecasts import windows as windows_of
from weftnet.report.page import charts, figure, heading, paragraph
from weftnet.report.subject import Subject

#: the share of windows with a worse forecast → caption
_CHOSEN = {0.9: "a good one", 0.5: "a typical one", 0.1: "a bad one", 0.0: "the worst one"}
#: the most targets that are drawn
_TARGETS = 4


def forecasts(subject: Subject) -> str:
    """A few windows for each target: the past, the truth, the forecast, and the naive forecast."""
    errors = subject.forecasts
    if errors is None:
        return ""
    captions: dict[int, str] = {}
    for share, caption in _CHOSEN.items():
        captions.setdefault(errors.at(share), caption)
    windows = {place: windows_of(subject.loaded, batch) for place, batch in subject.batches(list(captions))}
    html = []
    for k, target in enumerate(errors.targets[:_TARGETS]):
        figures = [
            figure(_curves(windows[place][k], target), f"{caption}: from row {int(errors.rows[place])} on")
            for place, caption in captions.items()
        ]
        html.append((heading(target) if len(errors.targets) > 1 else "") + charts(*figures))
    legend = "Chosen by the error over all targets: 90 %, 50 %, 10 % and none of the windows have a larger one. "
    legend += "Step 0 is the last step of the input; the row is counted from 0."
    if len(errors.targets) > _TARGETS:
        legend += f" {len(errors.targets) - _TARGETS} more targets are not drawn."
    return paragraph(legend, soft=True) + "".join(html)


def _curves(window: Window, target: str) -> str:
    last, end = (0.0, float(window.past[-1])), len(window.truth)
    observed = np.concatenate([window.past, window.truth]).tolist()
    curves = {
        "forecast": [[last, *((float(step), value) for step, value in enumerate(window.forecast.tolist(), 1))]],
        "naive": [[last, (float(end), last[1])]],
        "past and truth": [[(float(step - len(window.past) + 1), value) for step, value in enumerate(observed)]],
    }
    return lines(curves, "step", target)
