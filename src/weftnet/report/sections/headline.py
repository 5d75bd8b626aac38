"""The result first: the score, its interval, and the score of a trivial baseline."""

from html import escape

from weftnet.base.language import spoken
from weftnet.base.scores import Score, in_unit
from weftnet.compete.trained import how_far
from weftnet.report.page import facts, warned
from weftnet.report.subject import Subject
from weftnet.report.words import explained
from weftnet.tasks._judgement import Baseline, Bounds


def headline(subject: Subject) -> str:
    """Score, interval, baseline, and every metric."""
    score, metrics = subject.score, subject.metrics
    if score.name not in metrics:
        return f"<div class=answer><p>{spoken(_no_score(subject))}</p></div>"
    size = subject.data.sizes[subject.split] if subject.data is not None else None
    on = f"{size} {subject.split} examples" if size is not None else f"the {subject.split} split"
    shown = escape(score.text(metrics[score.name]))
    lines = [f"<p class=score>{shown} <small>{explained(score.name)}, {spoken(on)}</small></p>"]
    scoring = subject.loaded.scoring
    judged = scoring.own  # a judge speaks of its task's own score, whatever decided
    of = "" if judged == score else f" of the {judged.name}"
    if bounds := subject.judgement.interval:
        lines.append(_interval(judged, bounds, of))
    if (trivial := subject.judgement.baseline) and judged.name in metrics:
        lines.append(_compared(judged, metrics[judged.name], trivial, of))
    if subject.why:
        lines.append(f"<p class=soft>{spoken(subject.why)}</p>")
    others = [(name, in_unit(value, scoring.unit(name))) for name, value in metrics.items() if name != score.name]
    return f"<div class=answer>{''.join(lines)}</div>" + _warned(subject) + (facts(others) if others else "")


def _warned(subject: Subject) -> str:
    """How far the training got, where that makes the score say little."""
    note = how_far(subject.loaded.run, subject.score).note
    return warned(note) if note else ""


def _interval(score: Score, bounds: Bounds, of: str) -> str:
    text = f"{of} {bounds.text(score)}"
    method = f"({bounds.method}; variation between training seeds is not included)"
    return f"<p>{explained('95 % interval')}{spoken(text)} <span class=soft>{spoken(method)}</span></p>"


def _compared(score: Score, value: float, trivial: Baseline, of: str) -> str:
    text = spoken(f"({trivial.what}){of}: {score.text(trivial.score)}")
    if score.lead(value, trivial.score) <= 0:
        return f"<p><strong class=wrong>{spoken('No better than the baseline')}</strong> {text}</p>"
    return f"<p>{explained('Baseline')} {text}</p>"


def _no_score(subject: Subject) -> str:
    facts = subject.loaded.run.facts
    why = f"the run's status is {facts.status}" if facts.origin is None else "its weights were published by others"
    return f"There is no score: {why}. {subject.why}"
