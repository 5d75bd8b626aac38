"""Where it goes wrong: which class is taken for which, or how far predictions lie from the truth."""

import math

import numpy as np

from weftnet.report.heat_map import heat_map
from weftnet.report.judged import Judged, by_class, confusion
from weftnet.report.page import charts, figure, folded, paragraph, table
from weftnet.report.plots import cloud, histogram
from weftnet.report.story import Story

#: classes up to which their table is unfolded, and beyond which there is no matrix
_FEW, _MANY = 12, 60


def errors(story: Story) -> str:
    """A confusion matrix and a table by class, or predictions over truths and the errors' histogram."""
    judged = story.judged
    if judged is None:
        return ""
    return _values(judged) if judged.shares is None else _classes(story, judged)


def _classes(story: Story, judged: Judged) -> str:
    labels = story.labels
    counts = confusion(judged, len(labels))
    parts = []
    if len(labels) <= _MANY:
        caption = "How often each class was taken for which; the deeper the colour, the larger the share of its line."
        parts.append(figure(heat_map(labels, counts.tolist()), caption))
    else:
        parts.append(paragraph(f"{len(labels)} classes: too many to draw the matrix.", soft=True))
    often = _confused(counts, labels)
    if often:
        parts.append(paragraph("Most often confused: " + "; ".join(often) + "."))
    rows = [
        [each.label, *(_share(value) for value in (each.precision, each.recall, each.f1)), str(each.count)]
        for each in by_class(counts, labels)
    ]
    shown = table(["class", "precision", "recall", "F1", "examples"], rows)
    return "".join([*parts, folded("by class", shown, unfolded=len(labels) <= _FEW)])


def _confused(counts: np.ndarray[tuple[int, int], np.dtype[np.int64]], labels: list[str]) -> list[str]:
    """The largest counts beside the diagonal, in words."""
    wrong = counts - np.diag(counts.diagonal())
    order = np.argsort(-wrong, axis=None, kind="stable")[:3]
    pairs = [(int(place) // len(labels), int(place) % len(labels)) for place in order]
    return [
        f"“{labels[a]}” taken for “{labels[b]}” ({wrong[a, b]} of {counts[a].sum()})" for a, b in pairs if wrong[a, b]
    ]


def _values(judged: Judged) -> str:
    error = judged.answer - judged.truth
    mean, middle = float(error.mean()), float(np.median(np.abs(error)))
    told = f"On average predictions lie {abs(mean):.4g} {'above' if mean > 0 else 'below'} the truth; "
    told += f"half of them are off by less than {middle:.4g}."
    return charts(
        figure(
            cloud(judged.truth, judged.answer, "truth", "prediction"), "prediction over truth; on the line both agree"
        ),
        figure(histogram(error, "prediction − truth"), "errors"),
    ) + paragraph(told)


def _share(value: float) -> str:
    return "–" if math.isnan(value) else f"{100 * value:.1f} %"
