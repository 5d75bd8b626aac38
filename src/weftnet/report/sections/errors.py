"""Errors: which class is predicted in place of which, or how far predictions are from the truth."""

import math

import numpy as np

from weftnet.report.heat_map import heat_map
from weftnet.report.judged import Judged, by_class, confusion
from weftnet.report.page import charts, collapsible, figure, paragraph, table
from weftnet.report.plots import histogram, scatter
from weftnet.report.subject import Subject

#: up to how many classes their table is expanded, and the confusion matrix is drawn
_EXPANDED, _DRAWN = 12, 60


def errors(subject: Subject) -> str:
    """A confusion matrix and a table by class, or predictions over truth and a histogram of the errors."""
    judged = subject.judged
    if judged is None:
        return ""
    return _of_values(judged) if judged.probabilities is None else _of_classes(subject, judged)


def _of_classes(subject: Subject, judged: Judged) -> str:
    labels = subject.labels
    counts = confusion(judged, len(labels))
    html = []
    if len(labels) <= _DRAWN:
        caption = "How often each class was predicted as which; the deeper the colour, the larger its share of the row."
        html.append(figure(heat_map(labels, counts.tolist()), caption))
    else:
        html.append(paragraph(f"{len(labels)} classes: too many to draw the matrix.", soft=True))
    if confused := _most_confused(counts, labels):
        html.append(paragraph("Most often confused: " + "; ".join(confused) + "."))
    rows = [
        [each.label, *(_percent(value) for value in (each.precision, each.recall, each.f1)), str(each.count)]
        for each in by_class(counts, labels)
    ]
    scores = table(["class", "precision", "recall", "F1", "examples"], rows)
    return "".join([*html, collapsible("by class", scores, expanded=len(labels) <= _EXPANDED)])


def _most_confused(counts: np.ndarray[tuple[int, int], np.dtype[np.int64]], labels: list[str]) -> list[str]:
    """The largest counts off the diagonal, in words."""
    wrong = counts - np.diag(counts.diagonal())
    order = np.argsort(-wrong, axis=None, kind="stable")[:3]
    pairs = [(int(place) // len(labels), int(place) % len(labels)) for place in order]
    return [
        f"“{labels[a]}” predicted as “{labels[b]}” ({wrong[a, b]} of {counts[a].sum()})"
        for a, b in pairs
        if wrong[a, b]
    ]


def _of_values(judged: Judged) -> str:
    error = judged.answer - judged.truth
    mean, median = float(error.mean()), float(np.median(np.abs(error)))
    summary = f"Predictions are {abs(mean):.4g} {'above' if mean > 0 else 'below'} the truth on average; "
    summary += f"half of them are off by less than {median:.4g}."
    return charts(
        figure(scatter(judged.truth, judged.answer, "truth", "prediction"), "prediction over truth; equal on the line"),
        figure(histogram(error, "prediction − truth"), "errors"),
    ) + paragraph(summary)


def _percent(value: float) -> str:
    return "–" if math.isnan(value) else f"{100 * value:.1f} %"
