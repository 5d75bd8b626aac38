"""Explanations of some of the worst mistakes, and of an answer that is right."""

from weftnet import explain
from weftnet.errors import MissingExtra, WeftnetError
from weftnet.report.page import heading, paragraph
from weftnet.report.subject import Subject

_MISTAKES = 3


def explanations(subject: Subject) -> str:
    """Drawings of what spoke for and against, or how to get them."""
    judged = subject.judged
    if judged is None or subject.data is None:
        return ""
    places = judged.worst(_MISTAKES)
    best = int(judged.loss.argmin())
    drawings: dict[int, str] = {}
    compared_with: dict[str, str] = {}
    try:
        for place, batch in subject.batches([*places, best]):
            (explanation,) = explain.attribute(subject.loaded, batch)
            compared_with = explanation.compared_with
            title = "The best answer" if place == best else f"Mistake: row {int(judged.rows[place])}"
            drawings[place] = f"<div>{heading(title)}{explain.draw(explanation)}</div>"
    except MissingExtra as error:
        return paragraph(f"Not drawn: {error.what}. {error.fix}", soft=True)
    except WeftnetError as error:
        return paragraph(f"Not drawn: {error.what}.", soft=True)
    baselines = [paragraph(f"{name}: compared with {text}.", soft=True) for name, text in compared_with.items()]
    in_order = [drawing for place, drawing in drawings.items() if place != best] + [drawings[best]]
    return "".join(baselines) + f"<div class='charts halves'>{''.join(in_order)}</div>"
