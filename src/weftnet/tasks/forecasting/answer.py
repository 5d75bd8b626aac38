"""Forecasting: value[h, k] = output[h, k] · scale[k] + mean[k], in the targets' own units."""

from collections.abc import Mapping
from typing import Annotated, Any, NotRequired, TypedDict

import numpy as np
from numpy.typing import NDArray

from weftnet.base.answers import Numbers, Texts


class Answer(TypedDict):
    """The schema of an answer."""

    values: list[list[float]]
    targets: Annotated[list[str], Texts(constant=True)]
    after: NotRequired[Annotated[list[float], Numbers(constant=True)]]


def forecasting(outputs: NDArray[Any], settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """`values` (horizon × targets), the names of the `targets`, and how long `after` the last known step each value is.

    Args:
        outputs: (batch, horizon, targets) standardised.
        settings: `targets`, `mean`, `scale` and `step` of the task; `after` is left out where the step is not known.
    """
    values = outputs.astype(np.float64) * np.asarray(settings["scale"]) + np.asarray(settings["mean"])
    common: dict[str, Any] = {"targets": list(settings["targets"])}
    if step := settings.get("step"):
        common["after"] = [step * ahead for ahead in range(1, outputs.shape[1] + 1)]
    return [{"values": rows, **common} for rows in values.tolist()]
