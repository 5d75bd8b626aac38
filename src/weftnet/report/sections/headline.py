"""The result first: the score, its interval, and the score of a trivial baseline."""

from html import escape

from weftnet.base.scores import scale_of, score_of
from weftnet.report.page import facts
from weftnet.report.subject import Subject
from weftnet.tasks._judgement import Baseline


def headline(subject: Subject) -> str:
    """Score, interval, baseline, and every metric."""
    name, metrics = subject.score, subject.metrics
    if name not in metrics:
        return f"<div class=answer><p>{escape(_no_score(subject))}</p></div>"
    factor, digits, unit = scale_of(name)
    size = subject.data.sizes[subject.split] if subject.data is not None else None
    on = f"{size} {subject.split} examples" if size is not None else f"the {subject.split} split"
    lines = [
        f"<p class=score>{metrics[name] * factor:.{digits}f}{unit} <small>{escape(name)}, {escape(on)}</small></p>",
    ]
    if bounds := subject.judgement.interval:
        low, high = bounds.low * factor, bounds.high * factor
        lines.append(
            f"<p>95 % interval {low:.{digits}f} – {high:.{digits}f}{unit} <span class=soft>({escape(bounds.method)}; "
            "variation between training seeds is not included)</span></p>"
        )
    if trivial := subject.judgement.baseline:
        lines.append(f"<p>{_compared(subject, trivial)}</p>")
    if subject.why:
        lines.append(f"<p class=soft>{escape(subject.why)}</p>")
    others = [(metric, score_of(metric, value)) for metric, value in metrics.items() if metric != name]
    return f"<div class=answer>{''.join(lines)}</div>" + (facts(others) if others else "")


def _compared(subject: Subject, trivial: Baseline) -> str:
    name, better = subject.score, subject.loaded.scoring.better
    ahead = subject.metrics[name] - trivial.score if better == "max" else trivial.score - subject.metrics[name]
    text = f"({escape(trivial.what)}): {score_of(name, trivial.score)}"
    return f"<strong class=wrong>No better than the baseline</strong> {text}" if ahead <= 0 else f"Baseline {text}"


def _no_score(subject: Subject) -> str:
    return f"There is no score: the run's status is {subject.loaded.run.status}. {subject.why}"
