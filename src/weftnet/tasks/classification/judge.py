"""Classification, judged: which classes are taken for which, and whether the confidence is justified.

loss       −log p(true class), of each example
interval   of the accuracy: Wilson's
baseline   always the most frequent class of the training split
"""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from weftnet.base.figures import Figure, Matrix, Paragraph, Span, Table
from weftnet.metrics._counts import confusion, of_classes
from weftnet.tasks._calibration import confidence_section
from weftnet.tasks._judgement import Answered, Baseline, Bounds, Case, Judgement, Section, Worst
from weftnet.tasks._resampling import wilson
from weftnet.tasks._softmax import softmax
from weftnet.tasks.classification.task import Classification

#: up to how many classes their table is expanded, and the confusion matrix is drawn; the worst answers that are kept
_EXPANDED, _DRAWN, _WORST = 12, 60, 12


def classification(task: Classification, answered: Answered) -> Judgement:
    """The judgement of a split.

    Raises:
        DataError: it has no examples, or they have no class.
    """
    gathered = answered.gathered()
    p, truth = softmax(gathered.outputs.numpy()), gathered.target.numpy()
    answer, confidence = p.argmax(1), p.max(1)
    loss = -np.log(np.maximum(p[np.arange(len(p)), truth], np.finfo(np.float64).tiny))
    order = np.argsort(-loss, kind="stable")
    wrong = [int(place) for place in order if truth[place] != answer[place]][:_WORST]
    cases = (Case(i, int(gathered.rows[i]), _told(task.labels, p[i], int(truth[i]), int(answer[i]))) for i in wrong)
    counts = confusion(gathered.target, torch.from_numpy(answer), task.classes)
    return Judgement(
        interval=Bounds(*wilson(int((truth == answer).sum()), len(truth)), "Wilson, over the examples"),
        baseline=_most_frequent(task, answered, truth),
        sections=(Section("Errors", _errors(counts, task.labels)), confidence_section(confidence, truth == answer)),
        worst=Worst(
            tuple(cases),
            "wrong answers with the highest loss",
            none="Every answer on this split is right.",
            best=int(loss.argmin()),
        ),
    )


def class_table(counts: Tensor, labels: list[str], name: str = "classes") -> Table:
    """Precision, recall, F1 and examples of every class, from its confusion matrix."""
    rows = zip(labels, *(each.tolist() for each in of_classes(counts)), counts.sum(1).tolist(), strict=True)
    units = dict.fromkeys(("precision", "recall", "F1"), "share")
    columns = ("class", *units, "examples")
    return Table(name, columns, tuple(rows), units, expanded=len(labels) <= _EXPANDED)


def _errors(counts: Tensor, labels: list[str]) -> tuple[Figure, ...]:
    """The confusion matrix, the classes that are confused most often, and a table."""
    figures: list[Figure] = []
    if len(labels) <= _DRAWN:
        caption = "How often each class was predicted as which; the deeper the colour, the larger its share of the row."
        figures.append(Matrix("confusion", tuple(labels), counts.numpy(), caption))
    else:
        figures.append(Paragraph(f"{len(labels)} classes: too many to draw the matrix.", soft=True))
    if confused := _most_confused(counts.numpy(), labels):
        figures.append(Paragraph("Most often confused: " + "; ".join(confused) + "."))
    return (*figures, class_table(counts, labels))


def _most_confused(counts: NDArray[np.int64], labels: list[str]) -> list[str]:
    """The largest counts off the diagonal, in words."""
    wrong = counts - np.diag(counts.diagonal())
    order = np.argsort(-wrong, axis=None, kind="stable")[:3]
    pairs = [(int(place) // len(labels), int(place) % len(labels)) for place in order]
    return [
        f"“{labels[a]}” predicted as “{labels[b]}” ({wrong[a, b]} of {counts[a].sum()})"
        for a, b in pairs
        if wrong[a, b]
    ]


def _most_frequent(task: Classification, answered: Answered, truth: NDArray[np.int64]) -> Baseline:
    counts = torch.zeros(task.classes, dtype=torch.int64)
    for target in answered.known_targets():
        counts += torch.bincount(target.cpu(), minlength=task.classes)
    best = int(counts.argmax())
    return Baseline(float((truth == best).mean()), f"always “{task.labels[best]}”")


def _told(labels: list[str], p: NDArray[np.float64], truth: int, answer: int) -> tuple[Figure, ...]:
    """The answer and the truth with their probabilities."""
    return (
        Paragraph((Span(labels[answer], "wrong"), f" {100 * p[answer]:.0f} %")),
        Paragraph(("true: ", Span(labels[truth], "right"), f" {100 * p[truth]:.1f} %")),
    )
