"""The answer first: how good the run is, how sure that is, and what an answer without looking would score."""

from html import escape

from weftnet.base.scores import scale_of, score_of
from weftnet.report.baseline import Baseline, baseline
from weftnet.report.forecasts import bootstrapped_mean
from weftnet.report.judged import bootstrapped_rmse, wilson
from weftnet.report.labelled import bootstrapped_mean_ap
from weftnet.report.page import facts
from weftnet.report.story import Story


def answer(story: Story) -> str:
    """Score, interval, baseline, and every metric."""
    name, metrics = story.score, story.metrics
    if name not in metrics:
        return f"<div class=answer><p>{escape(_nothing(story))}</p></div>"
    factor, digits, unit = scale_of(name)
    size = story.data.sizes[story.split] if story.data is not None else None
    on = f"{size} {story.split} examples" if size is not None else f"the {story.split} part"
    lines = [
        f"<p class=score>{metrics[name] * factor:.{digits}f}{unit} <small>{escape(name)}, {escape(on)}</small></p>",
    ]
    if interval := _interval(story):
        bounds, how = interval
        low, high = (value * factor for value in bounds)
        lines.append(
            f"<p>95 % interval {low:.{digits}f} – {high:.{digits}f}{unit} <span class=soft>({how}; "
            "another seed of training is not in it)</span></p>"
        )
    if found := baseline(story):
        lines.append(f"<p>{_compared(story, found)}</p>")
    if story.why:
        lines.append(f"<p class=soft>{escape(story.why)}</p>")
    others = [(metric, score_of(metric, value)) for metric, value in metrics.items() if metric != name]
    return f"<div class=answer>{''.join(lines)}</div>" + (facts(others) if others else "")


def _interval(story: Story) -> tuple[tuple[float, float], str] | None:
    """The bounds of the score, and how they are found; None where that is not known."""
    judged, labelled, forecasts = story.judged, story.labelled, story.forecasts
    if judged is not None and judged.shares is not None:
        return wilson(int((judged.truth == judged.answer).sum()), len(judged.rows)), "Wilson, over the examples"
    if judged is not None:
        return bootstrapped_rmse(judged.loss), "bootstrap, over the examples"
    if labelled is not None:
        return bootstrapped_mean_ap(labelled), "bootstrap, over the examples"
    if forecasts is not None and (bounds := bootstrapped_mean(forecasts.loss, len(forecasts.squares))):
        return bounds, "bootstrap, over blocks of neighbouring windows"
    return None


def _compared(story: Story, found: Baseline) -> str:
    name, better = story.score, story.loaded.task.better
    ahead = story.metrics[name] - found.score if better == "max" else found.score - story.metrics[name]
    told = f"without looking ({escape(found.what)}): {score_of(name, found.score)}"
    if ahead <= 0:
        return f"<strong class=wrong>No better than an answer</strong> {told}"
    return f"An answer {told}"


def _nothing(story: Story) -> str:
    status = story.loaded.run.status
    return f"No score is known: the run's status is {status}. {story.why}"
