"""Classification, judged: which classes are taken for which, and whether the confidence is justified.

loss       −log p(true class), of each example
interval   of the accuracy: Wilson's
baseline   always the most frequent class of the training split
"""

import numpy as np
import torch
from numpy.typing import NDArray

from weftnet.base.figures import Figure, Paragraph, Span
from weftnet.metrics._counts import confusion
from weftnet.tasks._calibration import confidence_section
from weftnet.tasks._confusion import confusion_figures
from weftnet.tasks._judgement import Answered, Baseline, Bounds, Case, Judgement, Section, Worst
from weftnet.tasks._resampling import wilson
from weftnet.tasks._softmax import softmax
from weftnet.tasks.classification.task import Classification

#: the worst answers that are kept
_WORST = 12


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
        sections=(
            Section("Errors", confusion_figures(counts, task.labels)),
            confidence_section(confidence, truth == answer),
        ),
        worst=Worst(
            tuple(cases),
            "wrong answers with the highest loss",
            none="Every answer on this split is right.",
            best=int(loss.argmin()),
        ),
    )


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
