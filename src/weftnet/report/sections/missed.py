"""The worst mistakes where an example has several labels: what was missed, and what was given wrongly."""

from html import escape

import numpy as np
from numpy.typing import NDArray

from weftnet.report.examples import drawn, wordy
from weftnet.report.labelled import Labelled
from weftnet.report.page import cards, paragraph
from weftnet.report.story import Story

#: mistakes that are shown: pictures, and what takes more room; labels that are named of each
_SHOWN, _WORDY, _LABELS = 12, 6, 8


def missed(story: Story) -> str:
    """The examples with the highest loss, each with its wrong labels and the right ones."""
    found, data = story.labelled, story.data
    if found is None or data is None:
        return ""
    places = found.worst(_WORDY if wordy(data) else _SHOWN)
    if not places:
        return paragraph("Not one example of this part has a wrong label.")
    shown = drawn(data, [int(found.rows[place]) for place in places])
    if not shown:
        return ""
    told = [_said(found, place) for place in places]
    boxes = [text + one if wordy(data) else one + text for one, text in zip(shown, told, strict=True)]
    head = f"The {len(places)} examples with a wrong label that have the highest loss; the row is counted from 0."
    return paragraph(head, soft=True) + cards(boxes, wordy(data))


def _said(found: Labelled, place: int) -> str:
    truth, answer = found.truth[place], found.answer[place]
    parts = [
        _named(found, place, "wrongly", answer & ~truth, "wrong"),
        _named(found, place, "missed", truth & ~answer, "wrong"),
        _named(found, place, "right", answer & truth, "right"),
    ]
    return "".join(parts) + f"<p class=soft>row {int(found.rows[place])}</p>"


def _named(found: Labelled, place: int, what: str, which: NDArray[np.bool_], colour: str) -> str:
    where = np.flatnonzero(which).tolist()
    if not where:
        return ""
    named = ", ".join(
        f"<b class={colour}>{escape(found.labels[k])}</b> {100 * found.shares[place, k]:.0f} %" for k in where[:_LABELS]
    )
    more = f" and {len(where) - _LABELS} more" if len(where) > _LABELS else ""
    return f"<p>{what}: {named}{more}</p>"
