"""Errors where examples have several labels: the figures of each label."""

import math

from weftnet.report.charts import bars
from weftnet.report.labelled import Labelled, LabelScore, by_label
from weftnet.report.page import charts, collapsible, figure, paragraph, table
from weftnet.report.subject import Subject

#: up to how many labels their table is expanded; bars that are drawn; labels that are named in a sentence
_EXPANDED, _BARS, _NAMED = 12, 30, 3


def label_errors(subject: Subject) -> str:
    """A chart of the average precision, sentences on missed and wrongly predicted labels, and a table by label."""
    labelled = subject.labelled
    if labelled is None:
        return ""
    scores = by_label(labelled)
    rows = [
        [each.label, *map(_percent, (each.precision, each.recall, each.f1, each.average_precision)),
         str(each.examples), str(each.predicted)]
        for each in scores
    ]  # fmt: skip
    head = ["label", "precision", "recall", "F1", "average precision", "examples", "predicted"]
    return "".join(
        [
            *_chart(scores),
            *map(paragraph, _sentences(labelled, scores)),
            collapsible("by label", table(head, rows), expanded=len(scores) <= _EXPANDED),
            paragraph(
                f"A label is predicted from a probability of {labelled.threshold:g} on: precision, recall and F1 "
                "depend on that threshold. Average precision depends on the order of the examples alone.",
                soft=True,
            ),
        ]
    )


def _chart(scores: list[LabelScore]) -> list[str]:
    occurring = sorted((each for each in scores if each.examples), key=lambda each: each.average_precision)
    if not occurring:
        return [paragraph("No example of this split has a label.")]
    lowest = {each.label: 100 * each.average_precision for each in occurring[:_BARS]}
    caption = "average precision of each label, the lowest first"
    caption += f"; the {_BARS} lowest of {len(occurring)}" if len(occurring) > _BARS else ""
    return [charts(figure(bars(lowest, "average precision, %", 1), caption))]


def _sentences(labelled: Labelled, scores: list[LabelScore]) -> list[str]:
    truth, answer = labelled.truth, labelled.answer
    exact = float((truth == answer).all(1).mean())
    sentences = [
        f"On average an example has {truth.sum(1).mean():.3g} labels, and {answer.sum(1).mean():.3g} are predicted; "
        f"for {100 * exact:.1f} % of the examples exactly the right ones."
    ]
    missed = {each.label: (int((truth & ~answer)[:, k].sum()), each.examples) for k, each in enumerate(scores)}
    added = {each.label: (int((answer & ~truth)[:, k].sum()), each.predicted) for k, each in enumerate(scores)}
    if text := _largest(missed, "examples"):
        sentences.append(f"Most often missed: {text}.")
    if text := _largest(added, "predictions"):
        sentences.append(f"Most often predicted wrongly: {text}.")
    return sentences


def _largest(counts: dict[str, tuple[int, int]], of: str) -> str:
    order = sorted(counts, key=lambda label: -counts[label][0])[:_NAMED]
    named = [f"“{label}” ({counts[label][0]} of {counts[label][1]} {of})" for label in order if counts[label][0]]
    return "; ".join(named)


def _percent(value: float) -> str:
    return "–" if math.isnan(value) else f"{100 * value:.1f} %"
