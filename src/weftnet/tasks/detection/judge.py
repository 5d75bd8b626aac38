"""Detection, judged: how well each class is ranked, what is wrong with boxes by kind, and the worst pictures.

ranked     average precision of each class, and precision over recall at an overlap of a half
errors     by kind (`_errors.py`), of the boxes that are as likely as suits their class best: from the likelihood on
           at which F1 = 2 · right / (found + true) is largest; a class that is rare is often found with less certainty
baseline   no box at all, which is worth nothing
pictures   see `_drawing.py`

There is no interval: the average precision of another choice of pictures would rank all of their boxes anew.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.base.figures import Cell, Figure, Group, Lines, Paragraph, Picture, Table
from weftnet.data.batch import Batch
from weftnet.data.outputs import chosen
from weftnet.errors import DataError
from weftnet.metrics.box_average_precision import average_precisions
from weftnet.tasks._judgement import Answered, Baseline, Case, Judgement, Section, Worst
from weftnet.tasks.detection._drawing import drawn
from weftnet.tasks.detection._errors import KINDS, Seen, judged
from weftnet.tasks.detection.task import EVERY, Detection

#: from which likelihood on boxes count of a class of which none is right; pictures that are shown
_NONE_RIGHT, _WORST = 0.3, 8
_RECALLS = np.linspace(0, 1, 101)


@dataclass(frozen=True)
class _Row:
    """A picture's boxes: found (n, 6), the surest first; true (m, 5)."""

    found: NDArray[np.float64]
    true: NDArray[np.float64]

    def shown(self, least: NDArray[np.float64]) -> NDArray[np.float64]:
        """The found boxes that are as likely as their classes (classes) ask for."""
        likely: NDArray[np.float64] = self.found[self.found[:, 4] >= least[self.found[:, 5].astype(int)]]
        return likely


def detection(task: Detection, answered: Answered) -> Judgement:
    """The judgement of a split.

    Raises:
        DataError: it has no examples.
    """
    rows = [row for batch in answered.batches() for row in _rows(task, answered, batch)]
    if not rows:
        raise DataError("there is nothing to judge", where=answered.data.name, got=f"no {answered.split} examples")
    least = _least(rows, len(task.labels))
    seen = [judged(row.shown(least), row.true) for row in rows]
    order = sorted(range(len(rows)), key=lambda place: (-seen[place].mistakes, place))
    wrong = [place for place in order if seen[place].mistakes][:_WORST]
    return Judgement(
        baseline=Baseline(0.0, "no box at all"),
        sections=(Section("Errors", _errors(task, rows, seen, least)),),
        worst=Worst(_cases(task, answered, seen, wrong, least), "pictures with the most mistakes", best=order[-1]),
    )


def _rows(task: Detection, answered: Answered, batch: Batch) -> Iterator[_Row]:
    """What was found and what is there."""
    found = chosen(task.infer(answered.model, batch, EVERY), "boxes").double().numpy()
    true = batch.target.cpu().double().numpy()
    for one, other in zip(found, true, strict=True):
        yield _Row(one[one[:, 5] >= 0], other[other[:, 4] >= 0])


def _least(rows: list[_Row], classes: int) -> NDArray[np.float64]:
    """(classes,) the likelihood at which F1 of each class is largest."""
    found = np.concatenate([row.found for row in rows])
    right = np.array([kind == "right" for row in rows for kind in judged(row.found, row.true).kinds], bool)
    there = Counter(int(label) for row in rows for label in row.true[:, 4])
    least = np.full(classes, _NONE_RIGHT)
    for label in range(classes):
        own = found[:, 5] == label
        order = np.argsort(-found[own, 4], kind="stable")
        hits = right[own][order].cumsum()
        if len(hits) and hits[-1]:
            f1 = 2 * hits / (np.arange(1, len(hits) + 1) + there[label])
            least[label] = found[own, 4][order][int(f1.argmax())]
    return least


def _errors(task: Detection, rows: list[_Row], seen: list[Seen], least: NDArray[np.float64]) -> tuple[Figure, ...]:
    """Tables by class and by kind, and the curves."""
    found, true = [row.found for row in rows], [row.true for row in rows]
    whole, half = (average_precisions(found, true, overlap)[0] for overlap in (None, 0.5))
    counts: Counter[tuple[str, int]] = Counter()
    for each in seen:
        counts.update(each.counts)
    there = Counter(int(label) for each in true for label in each[:, 4])
    nan = float("nan")
    ranked = [
        (label, float(whole[k].mean()) if k in whole else nan, float(half[k].mean()) if k in half else nan, there[k])
        for k, label in enumerate(task.labels)
    ]
    wrong: list[tuple[Cell, ...]] = [
        (label, float(least[k]), *(counts[kind, k] for kind in KINDS)) for k, label in enumerate(task.labels)
    ]
    curves = {
        task.labels[k]: [(float(r), float(p)) for r, p in zip(_RECALLS, curve, strict=True)]
        for k, curve in half.items()
    }
    caption = (
        "How many of the boxes found are right, the more of the true ones are found; overlap of a half. "
        "The further a curve reaches to the upper right, the better its class is found."
    )
    units = dict.fromkeys(("AP", "AP at 0.5"), "share")
    said = (
        "Of each class the boxes from the likelihood on that suits it best here: where the harmonic mean of precision "
        "and recall is largest. A box is right from an overlap of a half on."
    )
    return (
        Table("classes", ("class", *units, "boxes"), tuple(ranked), units),
        Lines(curves, "recall", "precision", caption),
        Table("mistakes", ("class", "from", *KINDS), tuple(wrong), {"from": "share"}),
        Paragraph(said, soft=True),
    )


def _cases(
    task: Detection, answered: Answered, seen: list[Seen], places: list[int], least: NDArray[np.float64]
) -> tuple[Case, ...]:
    """Pictures with what was found and what is there, in this order."""
    cases = {}
    for place, batch in answered.at(places):
        (row,) = _rows(task, answered, batch)
        image: Any = next(values for values in batch.inputs.values() if values.dim() == 4)[0].cpu().numpy()
        kinds = Counter(each for each in seen[place].kinds if each != "right")
        kinds.update({"missed": int(seen[place].missed.sum())})
        summary = ", ".join(f"{kinds[kind]} {kind}" for kind in KINDS if kinds[kind])
        boxes = row.shown(least)[:, [0, 1, 2, 3, 5]]
        pictures = (
            Picture(drawn(image, boxes, task.labels), "the answer"),
            Picture(drawn(image, row.true, task.labels), "the truth"),
        )
        cases[place] = Case(place, int(batch.rows[0]), (Paragraph(summary), Group(pictures)))
    return tuple(cases[place] for place in places)
