"""Multioutput regression: values by target, each output · scale + mean in the target's own unit."""

from collections.abc import Mapping
from typing import Annotated, Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from weftnet.base.answers import Quantities


class Answer(TypedDict):
    """The schema of an answer."""

    values: Annotated[dict[str, float], Quantities()]


def multioutput_regression(outputs: NDArray[Any], settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """`values` by the name of their target, from standardised outputs.

    Args:
        outputs: (batch, targets).
        settings: `targets`, `mean` and `scale` of the task.
    """
    values = outputs.astype(np.float64) * np.array(settings["scale"]) + np.array(settings["mean"])
    return [{"values": dict(zip(settings["targets"], row, strict=True))} for row in values.tolist()]
