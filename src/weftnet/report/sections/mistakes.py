"""The worst mistakes: the examples with the highest loss."""

from html import escape

from weftnet.report.examples import render_rows, wide
from weftnet.report.judged import Judged
from weftnet.report.page import cards, paragraph
from weftnet.report.subject import Subject

#: the most mistakes: pictures, and examples that need more room
_PICTURES, _WIDE = 12, 6


def mistakes(subject: Subject) -> str:
    """Each with the answer, the truth, and their probabilities."""
    judged, data = subject.judged, subject.data
    if judged is None or data is None:
        return ""
    places = judged.worst(_WIDE if wide(data) else _PICTURES)
    if not places:
        return paragraph("Every answer on this split is right.")
    pictures = render_rows(data, [int(judged.rows[place]) for place in places])
    if not pictures:
        return ""
    texts = [_text(subject, judged, place) for place in places]
    boxes = [text + one if wide(data) else one + text for one, text in zip(pictures, texts, strict=True)]
    which = "wrong answers with the highest loss" if judged.probabilities is not None else "largest errors"
    return paragraph(f"The {len(places)} {which}; the row is counted from 0.", soft=True) + cards(boxes, wide(data))


def _text(subject: Subject, judged: Judged, place: int) -> str:
    row = f"<p class=soft>row {int(judged.rows[place])}</p>"
    if judged.probabilities is None:
        truth, answer = float(judged.truth[place]), float(judged.answer[place])
        return f"<p><b class=wrong>{answer:.4g}</b> predicted</p><p>{truth:.4g} true</p>{row}"
    labels, p = subject.labels, judged.probabilities[place]
    predicted, true = int(judged.answer[place]), int(judged.truth[place])
    return (
        f"<p><b class=wrong>{escape(labels[predicted])}</b> {100 * p[predicted]:.0f} %</p>"
        f"<p>true: <b class=right>{escape(labels[true])}</b> {100 * p[true]:.1f} %</p>{row}"
    )
