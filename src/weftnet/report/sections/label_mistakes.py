"""The worst mistakes where an example has several labels: labels that were missed or predicted wrongly."""

from html import escape

import numpy as np
from numpy.typing import NDArray

from weftnet.report.examples import render_rows, wide
from weftnet.report.labelled import Labelled
from weftnet.report.page import cards, paragraph
from weftnet.report.subject import Subject

#: the most mistakes: pictures, and examples that need more room; the most labels named for each
_PICTURES, _WIDE, _LABELS = 12, 6, 8


def label_mistakes(subject: Subject) -> str:
    """The examples with the highest loss, each with its wrong labels and the right ones."""
    labelled, data = subject.labelled, subject.data
    if labelled is None or data is None:
        return ""
    places = labelled.worst(_WIDE if wide(data) else _PICTURES)
    if not places:
        return paragraph("No example of this split has a wrong label.")
    pictures = render_rows(data, [int(labelled.rows[place]) for place in places])
    if not pictures:
        return ""
    texts = [_text(labelled, place) for place in places]
    boxes = [text + one if wide(data) else one + text for one, text in zip(pictures, texts, strict=True)]
    head = f"The {len(places)} examples with a wrong label that have the highest loss; the row is counted from 0."
    return paragraph(head, soft=True) + cards(boxes, wide(data))


def _text(labelled: Labelled, place: int) -> str:
    truth, answer = labelled.truth[place], labelled.answer[place]
    lines = [
        _label_list(labelled, place, "wrongly predicted", answer & ~truth, "wrong"),
        _label_list(labelled, place, "missed", truth & ~answer, "wrong"),
        _label_list(labelled, place, "right", answer & truth, "right"),
    ]
    return "".join(lines) + f"<p class=soft>row {int(labelled.rows[place])}</p>"


def _label_list(labelled: Labelled, place: int, title: str, which: NDArray[np.bool_], colour: str) -> str:
    columns = np.flatnonzero(which).tolist()
    if not columns:
        return ""
    named = ", ".join(
        f"<b class={colour}>{escape(labelled.labels[k])}</b> {100 * labelled.probabilities[place, k]:.0f} %"
        for k in columns[:_LABELS]
    )
    more = f" and {len(columns) - _LABELS} more" if len(columns) > _LABELS else ""
    return f"<p>{title}: {named}{more}</p>"
