"""The worst answers of the split, each beside the example."""

from weftnet.report.draw import draw_all
from weftnet.report.examples import render_rows, wide
from weftnet.report.page import cards, paragraph
from weftnet.report.subject import Subject

#: the most that are shown: pictures, and examples that need more room
_PICTURES, _WIDE = 12, 6


def worst(subject: Subject) -> str:
    """What the task's judge says about each of them, and the example as it was read."""
    answers, data = subject.judgement.worst, subject.data
    if answers is None or data is None:
        return ""
    cases = answers.cases[: _WIDE if wide(data) else _PICTURES]
    if not cases:
        return paragraph(answers.none)
    examples = render_rows(data, [case.row for case in cases])
    if not examples:
        return ""
    texts = [f"{draw_all(case.figures)}<p class=soft>row {case.row}</p>" for case in cases]
    boxes = [text + one if wide(data) else one + text for one, text in zip(examples, texts, strict=True)]
    head = f"The {len(cases)} {answers.what}; the row is counted from 0."
    return paragraph(head, soft=True) + cards(boxes, wide(data))
