"""Multilabel, judged: which labels are found, missed and invented.

    loss       −mean over labels of [t log p + (1 − t) log(1 − p)], of each example
    interval   of the mean average precision over the labels that occur: bootstrap over the examples
    baseline   the same probabilities for every example: the average precision of a label is its frequency

A sample with replacement amounts to a weight for each example, how often it was drawn; the order of the examples stays
the same, so that they are sorted once for each label and not once for each sample.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from weftnet.base.figures import Bars, Figure, Group, Paragraph, Span, Table, Tone
from weftnet.base.numbers import number
from weftnet.metrics._counts import label_counts, precision_recall_f1
from weftnet.metrics._ranking import Ranking
from weftnet.tasks._judgement import Answered, Baseline, Bounds, Case, Judgement, Section, Worst
from weftnet.tasks._resampling import bootstrap_weights, middle
from weftnet.tasks.multilabel.task import Multilabel

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
#: up to how many labels their table is expanded; bars that are drawn; labels in a sentence and for an example
_EXPANDED, _BARS, _NAMED, _LISTED = 12, 30, 3, 8
_WORST = 12
#: samples of the bootstrap: as many as keep samples · examples · labels below _WORK, within these bounds
_WORK, _MIN_SAMPLES, _MAX_SAMPLES = 2e8, 200, 1000


@dataclass(frozen=True)
class Labelled:
    """Answers beside the truth: probabilities, true labels and those answered, each (n, labels)."""

    labels: list[str]
    p: Floats
    truth: Bools
    answer: Bools

    @property
    def rankings(self) -> list[Ranking]:
        """Of each label."""
        p, truth = torch.from_numpy(self.p), torch.from_numpy(self.truth)
        return [Ranking.of(p[:, k], truth[:, k]) for k in range(len(self.labels))]


def multilabel(task: Multilabel, answered: Answered) -> Judgement:
    """The judgement of a split.

    Raises:
        DataError: it has no examples, or they have no labels column.
    """
    gathered = answered.gathered()
    z, truth = gathered.outputs.double().numpy(), gathered.target.numpy() >= 0.5
    p = np.exp(-np.logaddexp(0.0, -z))
    labelled = Labelled(task.labels, p, truth, np.asarray(p >= task.threshold))
    loss = np.logaddexp(0.0, np.where(truth, -z, z)).mean(1)
    wrong = (truth != labelled.answer).any(1)
    worst = [int(place) for place in np.argsort(-loss, kind="stable") if wrong[place]][:_WORST]
    cases = (Case(place, int(gathered.rows[place]), _told(labelled, place)) for place in worst)
    frequency = truth.mean(0)
    score = float(frequency[frequency > 0].mean()) if frequency.any() else 0.0
    bounds = _bootstrapped(labelled)
    return Judgement(
        interval=Bounds(*bounds, "bootstrap, over the examples") if bounds else None,
        baseline=Baseline(score, "the same answer for every example"),
        sections=(Section("Errors", _errors(labelled, task.threshold)),),
        worst=Worst(
            tuple(cases),
            "examples with a wrong label that have the highest loss",
            none="No example of this split has a wrong label.",
            best=int(loss.argmin()),
        ),
    )


def _errors(labelled: Labelled, threshold: float) -> tuple[Figure, ...]:
    """A chart of the average precision, sentences on missed and invented labels, and a table."""
    truth, answer = labelled.truth, labelled.answer
    counts = label_counts(torch.from_numpy(truth), torch.from_numpy(answer))
    scores, (_, examples, predicted) = precision_recall_f1(*counts), counts.numpy()
    precision = [float(each.average_precision()) for each in labelled.rankings]
    columns = [*(each.tolist() for each in scores), precision, examples.tolist(), predicted.tolist()]
    shares = dict.fromkeys(("precision", "recall", "F1", "average precision"), "share")
    head = ("label", *shares, "examples", "predicted")
    rows = tuple(zip(labelled.labels, *columns, strict=True))
    exact = float((truth == answer).all(1).mean())
    return (
        _chart(dict(zip(labelled.labels, precision, strict=True)), examples),
        Paragraph(
            f"On average an example has {number(truth.sum(1).mean(), 3)} labels, and "
            f"{number(answer.sum(1).mean(), 3)} are predicted; for {100 * exact:.1f} % of the examples exactly the "
            "right ones."
        ),
        *_named("Most often missed", labelled, truth & ~answer, examples, "examples"),
        *_named("Most often predicted wrongly", labelled, answer & ~truth, predicted, "predictions"),
        Table("labels", head, rows, shares, expanded=len(labelled.labels) <= _EXPANDED),
        Paragraph(
            f"A label is predicted from a probability of {threshold:g} on: precision, recall and F1 depend on that "
            "threshold. Average precision depends on the order of the examples alone.",
            soft=True,
        ),
    )


def _chart(precision: dict[str, float], examples: NDArray[np.int64]) -> Figure:
    occurring = [label for label, count in zip(precision, examples, strict=True) if count]
    if not occurring:
        return Paragraph("No example of this split has a label.")
    lowest = sorted(occurring, key=precision.__getitem__)[:_BARS]
    caption = "Average precision of each label, the lowest first: look for those far below 100"
    caption += f"; the {_BARS} lowest of {len(occurring)}." if len(occurring) > _BARS else "."
    bars = {label: 100 * precision[label] for label in lowest}
    return Group((Bars(bars, "average precision, %", caption, digits=1),))


def _named(title: str, labelled: Labelled, which: Bools, of: NDArray[np.int64], what: str) -> list[Figure]:
    """The labels with the largest counts, in a sentence; none where all are 0."""
    counts = which.sum(0)
    order = np.argsort(-counts, kind="stable")[:_NAMED].tolist()
    named = [f"“{labelled.labels[k]}” ({counts[k]} of {of[k]} {what})" for k in order if counts[k]]
    return [Paragraph(f"{title}: {'; '.join(named)}.")] if named else []


def _bootstrapped(labelled: Labelled) -> tuple[float, float] | None:
    """The interval of the mean average precision; None where no label occurs."""
    n, count = labelled.truth.shape
    rankings = [ranking for k, ranking in enumerate(labelled.rankings) if labelled.truth[:, k].any()]
    if not rankings:
        return None
    means = []
    for weights in bootstrap_weights(n, int(np.clip(_WORK / (n * count), _MIN_SAMPLES, _MAX_SAMPLES))):
        scores = torch.stack([each.average_precision(torch.from_numpy(weights)) for each in rankings])
        means.append(float(scores.nanmean()))
    return middle([mean for mean in means if mean == mean])


def _told(labelled: Labelled, place: int) -> tuple[Paragraph, ...]:
    """The labels that are wrong, and those that are right, with their probabilities."""
    truth, answer = labelled.truth[place], labelled.answer[place]
    groups: tuple[tuple[str, Bools, Tone], ...] = (
        ("wrongly predicted", answer & ~truth, "wrong"),
        ("missed", truth & ~answer, "wrong"),
        ("right", answer & truth, "right"),
    )
    return tuple(_listed(title, labelled, place, which, tone) for title, which, tone in groups if which.any())


def _listed(title: str, labelled: Labelled, place: int, which: Bools, tone: Tone) -> Paragraph:
    columns = np.flatnonzero(which).tolist()
    words: list[str | Span] = [f"{title}: "]
    for k in columns[:_LISTED]:
        share = f" {100 * labelled.p[place, k]:.0f} %"
        words += [*([", "] if len(words) > 1 else []), Span(labelled.labels[k], tone), share]
    more = [f" and {len(columns) - _LISTED} more"] if len(columns) > _LISTED else []
    return Paragraph((*words, *more))
