"""Masked values: how badly an example is told from its own pieces, and how it is told.

    error = mean (x − y)²        over its values, each told from those that were not hidden with it; standardised

The higher it is, the less its pieces belong together as those of the training data do: an anomaly score.
"""

from collections.abc import Mapping
from typing import Annotated, Any, NotRequired, TypedDict

import numpy as np
from numpy.typing import NDArray

from weftnet.base.answers import Picture
from weftnet.tasks._reconstruction import pixels, shown


class Answer(TypedDict):
    """The schema of an answer: an image is told as a picture, anything else as standardised values."""

    error: float
    picture: NotRequired[Annotated[str, Picture()]]
    values: NotRequired[list[float]]


def masked_values(outputs: Mapping[str, NDArray[Any]], settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """`error`, and what was told as `picture` or `values`, without padding.

    Args:
        outputs: of `infer.py`: told, example and real, all (batch, …).
        settings: `mean` and `scale` of the task.
    """
    answers = []
    for told, x, real in zip(*(outputs[name] for name in ("told", "example", "real")), strict=True):
        y = told.astype(np.float64)
        error = float(np.square(x.astype(np.float64) - y)[real].mean())
        answers.append({"error": error, **shown(y[real], None if settings["mean"] is None else pixels(y, settings))})
    return answers
