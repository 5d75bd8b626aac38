"""Figures from a confusion matrix: row = true class, column = answer."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from weftnet.base.figures import Figure, Matrix, Paragraph, Table
from weftnet.metrics._counts import of_classes

#: up to how many classes their table is expanded, and the confusion matrix is drawn
_EXPANDED, _DRAWN = 12, 60


def confusion_figures(
    counts: Tensor, labels: Sequence[str], more: Mapping[str, Sequence[float]] | None = None
) -> tuple[Figure, ...]:
    """The matrix, the classes that are confused most often, and a table by class.

    Args:
        counts: (classes, classes).
        labels: of the classes.
        more: further columns of the table, each a share by class: name → (classes).
    """
    caption = (
        "How often each class was predicted as which: on the diagonal it is right; look for deep red cells beside it, "
        "classes that are taken for each other. The deeper the colour, the larger its share of the row."
    )
    matrix = Matrix("confusion", tuple(labels), counts.numpy(), caption)
    none = Paragraph(f"{len(labels)} classes: too many to draw the matrix.", soft=True)
    confused = _most_confused(counts.numpy(), labels)
    return (
        matrix if len(labels) <= _DRAWN else none,
        *([Paragraph(f"Most often confused: {'; '.join(confused)}.")] if confused else []),
        class_table(counts, labels, more),
    )


def class_table(counts: Tensor, labels: Sequence[str], more: Mapping[str, Sequence[float]] | None = None) -> Table:
    """Precision, recall, F1, further shares and the number of examples of every class."""
    scores = [each.tolist() for each in of_classes(counts)]
    units = dict.fromkeys(("precision", "recall", "F1", *(more or {})), "share")
    rows = zip(labels, *scores, *(more or {}).values(), counts.sum(1).tolist(), strict=True)
    return Table("classes", ("class", *units, "examples"), tuple(rows), units, expanded=len(labels) <= _EXPANDED)


def _most_confused(counts: NDArray[np.int64], labels: Sequence[str]) -> list[str]:
    """The largest counts off the diagonal, in words."""
    wrong = counts - np.diag(counts.diagonal())
    order = np.argsort(-wrong, axis=None, kind="stable")[:3]
    pairs = [(int(place) // len(labels), int(place) % len(labels)) for place in order]
    return [
        f"“{labels[a]}” predicted as “{labels[b]}” ({wrong[a, b]} of {counts[a].sum()})"
        for a, b in pairs
        if wrong[a, b]
    ]
