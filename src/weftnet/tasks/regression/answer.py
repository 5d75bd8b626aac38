"""Regression: value = output · scale + mean, in the target's own unit."""

from collections.abc import Mapping
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray


class Answer(TypedDict):
    """The schema of an answer."""

    value: float


def regression(outputs: NDArray[Any], settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """`value` in the target's unit, from standardised outputs (batch, 1).

    Args:
        outputs: (batch, 1).
        settings: `mean` and `scale` of the task.
    """
    values = outputs.astype(np.float64).reshape(-1) * settings["scale"] + settings["mean"]
    return [{"value": value} for value in values.tolist()]
