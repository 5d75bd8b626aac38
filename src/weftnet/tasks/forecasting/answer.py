"""Forecasting: value[h, k] = output[h, k] · scale[k] + mean[k], in the targets' own units, and the interval's ends."""

from collections.abc import Mapping
from typing import Annotated, Any, NotRequired, TypedDict

import numpy as np
from numpy.typing import NDArray

from weftnet.base.answers import Number, Numbers, Texts
from weftnet.base.curves import Curves, Edge, Levels
from weftnet.tasks._inference import Arrays


class Answer(TypedDict):
    """The schema of an answer."""

    values: Annotated[list[list[float]], Curves(low="low", high="high", names="targets")]
    low: NotRequired[Annotated[list[list[float]], Edge()]]
    high: NotRequired[Annotated[list[list[float]], Edge()]]
    level: NotRequired[Annotated[float, Number(unit="share", constant=True)]]
    quantiles: NotRequired[Annotated[dict[str, list[list[float]]], Levels()]]
    targets: Annotated[list[str], Texts(constant=True)]
    after: NotRequired[Annotated[list[float], Numbers(constant=True)]]


def forecasting(outputs: Arrays, settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """`values` (horizon × targets), the names of the `targets`, and how long `after` the last known step each value is.

    With intervals, a value lies between `low` and `high` with a probability of about `level`; with `quantiles`, the
    values by level: {"0.1": horizon × targets, …}.

    Args:
        outputs: `forecast` (batch, horizon, targets) standardised, and what else `infer.py` gives.
        settings: `targets`, `mean`, `scale` and `step` of the task; `after` is left out where the step is not known.
    """
    common: dict[str, Any] = {"targets": list(settings["targets"])}
    if step := settings.get("step"):
        common["after"] = [step * ahead for ahead in range(1, outputs["forecast"].shape[1] + 1)]
    between = {"level": settings["interval"]} if "low" in outputs else {}
    rows = {name: own_unit(each, settings).tolist() for name, each in outputs.items()}
    levels = [f"{level:g}" for level in settings.get("quantiles") or ()]
    answers = []
    for place, values in enumerate(rows["forecast"]):
        ends = {name: rows[name][place] for name in ("low", "high") if name in rows}
        each = {"quantiles": dict(zip(levels, rows["quantiles"][place], strict=True))} if levels else {}
        answers.append({"values": values, **ends, **between, **each, **common})
    return answers


def own_unit(values: NDArray[Any], settings: Mapping[str, Any]) -> NDArray[np.float64]:
    """Standardised values (…, targets) in the targets' own units."""
    shown: NDArray[np.float64] = values.astype(np.float64) * np.asarray(settings["scale"]) + np.asarray(
        settings["mean"]
    )
    return shown
