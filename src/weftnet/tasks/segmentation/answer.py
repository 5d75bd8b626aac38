"""Segmentation: the likeliest class of every pixel, the first of equally likely ones."""

from collections.abc import Mapping
from typing import Annotated, Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from weftnet.base.answers import Mask, Shares, Texts, encoded


class Answer(TypedDict):
    """The schema of an answer."""

    mask: Annotated[str, Mask(classes="classes")]
    shares: Annotated[dict[str, float], Shares()]
    classes: Annotated[list[str], Texts(constant=True)]


def segmentation(outputs: NDArray[Any], settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """`mask`, whose pixels are places in `classes`, and the `shares` of the picture that each class takes.

    Args:
        outputs: (batch, classes, height, width) logits.
        settings: `labels` of the task.
    """
    labels: list[str] = settings["labels"]
    answers = []
    for mask in outputs.argmax(1).astype(np.uint8):
        counts = np.bincount(mask.ravel(), minlength=len(labels)) / mask.size
        shares = dict(zip(labels, counts.tolist(), strict=True))
        answers.append({"mask": encoded(mask), "shares": shares, "classes": list(labels)})
    return answers
