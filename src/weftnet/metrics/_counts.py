"""Counts that several metrics of classes and labels follow from.

C[i, j]            how many examples of class i were classified as j
t, a               true and predicted labels, (examples, labels) of bools

precision = hits / predicted      recall = hits / examples      F1 = 2 · hits / (predicted + examples)
"""

import torch
from torch import Tensor


def confusion(truth: Tensor, answer: Tensor, classes: int) -> Tensor:
    """Counts (classes, classes): row = true class, column = predicted class."""
    return torch.bincount(truth * classes + answer, minlength=classes * classes).reshape(classes, classes)


def confusion_of(outputs: Tensor, target: Tensor) -> Tensor:
    """Counts from logits (n, classes), of which the largest is the answer, and class numbers (n)."""
    return confusion(target, outputs.argmax(1), outputs.shape[1])


def label_counts(truth: Tensor, answer: Tensor) -> Tensor:
    """(3, labels): hits, true and predicted examples of every label."""
    return torch.stack([(truth & answer).sum(0), truth.sum(0), answer.sum(0)])


def precision_recall_f1(hits: Tensor, examples: Tensor, predicted: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """From counts (classes) of right answers, of examples and of answers; NaN where what it divides by is 0."""
    hits, examples, predicted = hits.double(), examples.double(), predicted.double()
    return hits / predicted, hits / examples, 2 * hits / (predicted + examples)


def of_classes(counts: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Precision, recall and F1 of every class from a confusion matrix (classes, classes)."""
    return precision_recall_f1(counts.diagonal(), counts.sum(1), counts.sum(0))


def decided(outputs: Tensor, target: Tensor, threshold: float) -> tuple[Tensor, Tensor]:
    """True and predicted labels as bools, from logits and targets (n, labels)."""
    return target >= 0.5, outputs.sigmoid() >= threshold
