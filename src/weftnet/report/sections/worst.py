"""The worst mistakes, shown: the examples with the highest loss."""

from html import escape

from weftnet.report.examples import drawn, wordy
from weftnet.report.judged import Judged
from weftnet.report.page import cards, paragraph
from weftnet.report.story import Story

#: mistakes that are shown: pictures, and what takes more room
SHOWN, _WORDY = 12, 6


def worst(story: Story) -> str:
    """Each with what was said, what is true, and how sure the network was."""
    judged, data = story.judged, story.data
    if judged is None or data is None:
        return ""
    places = judged.worst(_WORDY if wordy(data) else SHOWN)
    if not places:
        return paragraph("Not one example of this part was answered wrongly.")
    shown = drawn(data, [int(judged.rows[place]) for place in places])
    if not shown:
        return ""
    told = [_said(story, judged, place) for place in places]
    found = [picture + text if not wordy(data) else text + picture for picture, text in zip(shown, told, strict=True)]
    wrong = "answered wrongly with the highest loss" if judged.shares is not None else "with the largest errors"
    return paragraph(f"The {len(places)} examples {wrong}; the row is counted from 0.", soft=True) + cards(
        found, wordy(data)
    )


def _said(story: Story, judged: Judged, place: int) -> str:
    row = f"<p class=soft>row {int(judged.rows[place])}</p>"
    if judged.shares is None:
        truth, answer = float(judged.truth[place]), float(judged.answer[place])
        return f"<p><b class=wrong>{answer:.4g}</b> predicted</p><p>{truth:.4g} true</p>{row}"
    labels, shares = story.labels, judged.shares[place]
    answer_, truth_ = int(judged.answer[place]), int(judged.truth[place])
    return (
        f"<p><b class=wrong>{escape(labels[answer_])}</b> {100 * shares[answer_]:.0f} %</p>"
        f"<p>true: <b class=right>{escape(labels[truth_])}</b> {100 * shares[truth_]:.1f} %</p>{row}"
    )
