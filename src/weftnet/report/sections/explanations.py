"""Explanations of some of the worst answers, and of the best."""

from weftnet import explain
from weftnet.errors import MissingExtra, WeftnetError
from weftnet.report.page import heading, paragraph
from weftnet.report.subject import Subject
from weftnet.tasks import EXPLANATIONS

_WORST = 3


def explanations(subject: Subject) -> str:
    """Drawings of what spoke for and against, or how to get them."""
    answers = subject.judgement.worst
    if answers is None or EXPLANATIONS.reason(subject.loaded.run.facts.task.name):
        return ""
    titles = {case.place: f"Mistake: row {case.row}" for case in answers.cases[:_WORST]}
    if answers.best is not None:
        titles.setdefault(answers.best, "The best answer")
    drawings: dict[int, str] = {}
    compared_with: dict[str, str] = {}
    try:
        for place, batch in subject.batches(list(titles)):
            (explanation,) = explain.attribute(subject.loaded, batch)
            compared_with = explanation.compared_with
            drawings[place] = f"<div>{heading(titles[place])}{explain.draw(explanation)}</div>"
    except MissingExtra as error:
        return paragraph(f"Not drawn: {error.what}. {error.fix}", soft=True)
    except WeftnetError as error:
        return paragraph(f"Not drawn: {error.what}.", soft=True)
    baselines = [paragraph(f"{name}: compared with {text}.", soft=True) for name, text in compared_with.items()]
    return "".join(baselines) + f"<div class='charts halves'>{''.join(drawings[place] for place in titles)}</div>"
