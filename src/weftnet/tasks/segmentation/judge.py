"""Segmentation, judged: how well each class's region is met, which classes are taken for which, and the worst images.

interval   of the mean IoU: bootstrap over the images, whose counts are added up anew in every sample
baseline   every pixel of the class that most pixels of the training split have
pictures   see `_overlay.py`
"""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from weftnet.base.figures import Figure, Group, Matrix, Paragraph, Picture, Table
from weftnet.data.batch import Batch
from weftnet.data.kinds.mask import VOID
from weftnet.data.outputs import chosen
from weftnet.errors import DataError
from weftnet.metrics._counts import confusion, of_classes
from weftnet.metrics.mean_iou import iou, mean_iou
from weftnet.tasks._judgement import Answered, Baseline, Bounds, Case, Judgement, Section, Worst
from weftnet.tasks._resampling import bootstrap_weights, middle
from weftnet.tasks.segmentation._overlay import overlay
from weftnet.tasks.segmentation.task import Segmentation, truth_of

_SAMPLES, _WORST, _AT_ONCE = 1000, 8, 16


def segmentation(task: Segmentation, answered: Answered) -> Judgement:
    """The judgement of a split.

    Raises:
        DataError: it has no examples, or they have no masks.
    """
    counts = [
        confusion(truth[known], answer[known], len(task.labels))
        for batch, answers in _pairs(answered)
        for truth, known, answer in zip(*truth_of(batch.to("cpu")), answers, strict=True)
    ]
    if not counts:
        raise DataError("there is nothing to judge", where=answered.data.name, got=f"no {answered.split} examples")
    by_image = torch.stack(counts)
    scores = mean_iou(by_image).nan_to_num(1.0)  # an image of void alone is no mistake
    order = scores.argsort(stable=True).tolist()
    worst = _cases(task, answered, scores, order[:_WORST])
    return Judgement(
        interval=_interval(by_image),
        baseline=_baseline(task, answered, by_image.sum(0)),
        sections=(Section("Errors", _errors(by_image.sum(0), task.labels)),),
        worst=Worst(worst, "images with the lowest mean IoU", best=order[-1]),
    )


def _pairs(answered: Answered) -> Iterator[tuple[Batch, Tensor]]:
    """A few images at a time, and the class that each pixel is answered with."""
    for batch in answered.batches():
        for start in range(0, batch.size, _AT_ONCE):
            part = batch.slice(start, start + _AT_ONCE)
            yield part, chosen(answered.infer(part)).argmax(1).cpu()


def _interval(by_image: Tensor) -> Bounds | None:
    """Of the mean IoU over images (n, classes, classes) that are drawn with replacement."""
    if len(by_image) < 2:
        return None
    flat = by_image.flatten(1).double().numpy()
    samples = np.stack([weights @ flat for weights in bootstrap_weights(len(flat), _SAMPLES)])
    scores = mean_iou(torch.from_numpy(samples).view(-1, *by_image.shape[1:]))
    return Bounds(*middle(scores.tolist()), "bootstrap, over the images")


def _baseline(task: Segmentation, answered: Answered, counts: Tensor) -> Baseline:
    pixels = torch.zeros(len(task.labels), dtype=torch.int64)
    for target in answered.known_targets():
        pixels += torch.bincount(target[target != VOID].long(), minlength=len(pixels))
    best = int(pixels.argmax())
    always = torch.zeros_like(counts)
    always[:, best] = counts.sum(1)
    return Baseline(float(mean_iou(always)), f"every pixel “{task.labels[best]}”")


def _errors(counts: Tensor, labels: list[str]) -> tuple[Figure, ...]:
    """A table by class, and the confusion matrix."""
    precision, recall, _ = of_classes(counts)
    columns = [each.tolist() for each in (iou(counts), precision, recall, counts.sum(1))]
    units = dict.fromkeys(("IoU", "precision", "recall"), "share")
    table = Table("classes", ("class", *units, "pixels"), tuple(zip(labels, *columns, strict=True)), units)
    caption = (
        "How many pixels of each class were answered with which: on the diagonal they are right; look for deep red "
        "cells beside it. The deeper the colour, the larger its share of the row."
    )
    return (table, Matrix("confusion", tuple(labels), counts.numpy(), caption))


def _cases(task: Segmentation, answered: Answered, scores: Tensor, places: list[int]) -> tuple[Case, ...]:
    """Images with the answer and the truth over them, in this order."""
    cases = {}
    for place, batch in answered.at(places):
        truth, counts = (each[0].numpy() for each in truth_of(batch.to("cpu")))
        answer = chosen(answered.infer(batch))[0].argmax(0).cpu().numpy()
        image = next(values for values in batch.inputs.values() if values.dim() == 4)[0].cpu().numpy()
        wrong = counts & (answer != truth)
        present = sorted({*truth[counts].tolist(), *answer[counts].tolist()})
        summary = f"mean IoU {100 * float(scores[place]):.1f} %, among {', '.join(task.labels[k] for k in present)}"
        pictures = (
            Picture(overlay(image, answer, counts, wrong), "the answer; white where it is wrong"),
            Picture(overlay(image, truth, counts, np.zeros_like(wrong)), "the truth"),
        )
        cases[place] = Case(place, int(batch.rows[0]), (Paragraph(summary), Group(pictures)))
    return tuple(cases[place] for place in places)
