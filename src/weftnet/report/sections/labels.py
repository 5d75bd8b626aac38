"""Several labels: how well each is found."""

import math

from weftnet.report.charts import bars
from weftnet.report.labelled import Labelled, LabelScore, by_label
from weftnet.report.page import charts, figure, folded, paragraph, table
from weftnet.report.story import Story

#: labels up to which their table is unfolded; bars that are drawn; labels that are named in a sentence
_FEW, _BARS, _NAMED = 12, 30, 3


def labels(story: Story) -> str:
    """A chart of the average precision, sentences on what is missed and what is given wrongly, and a table by label."""
    found = story.labelled
    if found is None:
        return ""
    scores = by_label(found)
    rows = [
        [each.label, *map(_share, (each.precision, each.recall, each.f1, each.average_precision)),
         str(each.there), str(each.answered)]
        for each in scores
    ]  # fmt: skip
    head = ["label", "precision", "recall", "F1", "average precision", "there", "given"]
    return "".join(
        [
            *_drawn(scores),
            *map(paragraph, _told(found, scores)),
            folded("by label", table(head, rows), unfolded=len(scores) <= _FEW),
            paragraph(
                f"A label is answered from a probability of {found.threshold:g} on: precision, recall and F1 depend on "
                "that threshold. Average precision looks at the order of the examples alone.",
                soft=True,
            ),
        ]
    )


def _drawn(scores: list[LabelScore]) -> list[str]:
    known = sorted((each for each in scores if each.there), key=lambda each: each.average_precision)
    if not known:
        return [paragraph("Not one example of this part has a label.")]
    shown = {each.label: 100 * each.average_precision for each in known[:_BARS]}
    caption = "average precision of each label, the lowest first"
    caption += f"; the {_BARS} lowest of {len(known)}" if len(known) > _BARS else ""
    return [charts(figure(bars(shown, "average precision, %", 1), caption))]


def _told(found: Labelled, scores: list[LabelScore]) -> list[str]:
    truth, answer = found.truth, found.answer
    right = float((truth == answer).all(1).mean())
    told = [
        f"An example has {truth.sum(1).mean():.3g} labels on average and is given {answer.sum(1).mean():.3g}; "
        f"{100 * right:.1f} % of the examples have exactly the right ones."
    ]
    missed = {each.label: (int((truth & ~answer)[:, k].sum()), each.there) for k, each in enumerate(scores)}
    added = {each.label: (int((answer & ~truth)[:, k].sum()), each.answered) for k, each in enumerate(scores)}
    if text := _most(missed, "that have it"):
        told.append(f"Most often missed: {text}.")
    if text := _most(added, "answers"):
        told.append(f"Most often given wrongly: {text}.")
    return told


def _most(counts: dict[str, tuple[int, int]], of: str) -> str:
    order = sorted(counts, key=lambda label: -counts[label][0])[:_NAMED]
    named = [f"“{label}” ({counts[label][0]} of {counts[label][1]} {of})" for label in order if counts[label][0]]
    return "; ".join(named)


def _share(value: float) -> str:
    return "–" if math.isnan(value) else f"{100 * value:.1f} %"
