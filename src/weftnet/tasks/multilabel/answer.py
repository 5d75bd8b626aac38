"""Multilabel: p = 1 / (1 + exp(−logit)) for each label; the labels with p ≥ threshold are the answer."""

from collections.abc import Mapping
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray


class Answer(TypedDict):
    """The schema of an answer."""

    labels: list[str]
    probabilities: dict[str, float]


def multilabel(outputs: NDArray[Any], settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """`labels`, those that are answered, and `probabilities` by label, from logits (batch, labels).

    Args:
        outputs: (batch, labels) logits.
        settings: `labels` and `threshold` of the task.
    """
    labels, threshold = settings["labels"], settings.get("threshold", 0.5)
    logits = outputs.astype(np.float64)
    p = np.exp(-np.logaddexp(0.0, -logits))
    return [
        {
            "labels": [label for label, share in zip(labels, row, strict=True) if share >= threshold],
            "probabilities": dict(zip(labels, row, strict=True)),
        }
        for row in p.tolist()
    ]
