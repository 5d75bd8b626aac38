"""How several signals are merged, both when building and when running.

concat     along the features: `dim` of vectors and sequences, `channels` of images
add        y = x₁ + … + xₙ
multiply   y = x₁ ⊙ … ⊙ xₙ
gate       y = x₁ ⊙ σ(x₂)
"""

from collections.abc import Sequence
from functools import reduce

import torch
from torch import Tensor

from weftnet.architecture.signal import Signal
from weftnet.base.limits import lifted, limit
from weftnet.compose.flow import Flow

#: Each layout's feature axis, counted with the batch.
FEATURES = {
    ("dim",): 1, ("time", "dim"): 2, ("channels", "height", "width"): 1, ("time", "channels", "height", "width"): 2,
}  # fmt: skip


def problem(merge: str, signals: Sequence[Signal]) -> str:
    """Why the signals can't be merged this way, empty if they can."""
    first = signals[0]
    if any(signal.dtype != "float" for signal in signals):
        return "takes numbers, not tokens"
    if any(signal.axes != first.axes for signal in signals):
        return f"needs signals of the same kind, not {' and '.join(dict.fromkeys(s.kind for s in signals))}"
    if merge == "gate" and len(signals) != 2:
        return f"takes a value and its gate, not {len(signals)} sources"
    if merge == "concat":
        feature = FEATURES.get(first.axes, len(first.axes)) - 1
        for number, sizes in enumerate(zip(*(signal.sizes for signal in signals), strict=True)):
            if number != feature and len(set(sizes)) > 1:
                return f"needs equal {first.axes[number]}, not {' and '.join(map(str, dict.fromkeys(sizes)))}"
        return too_many(sum(signal.numel for signal in signals))
    for axis, sizes in zip(first.axes, zip(*(signal.sizes for signal in signals), strict=True), strict=True):
        if len(set(sizes)) > 1:
            return f"needs equal {axis}, not {' and '.join(map(str, dict.fromkeys(sizes)))}"
    return ""


def too_many(values: int) -> str:
    """Why a signal can't have so many values for one example, empty if it can."""
    return (
        f"gives {values} values, more than any machine holds; {lifted('elements')}"
        if values > limit("elements")
        else ""
    )


def merge_tensors(merge: str, values: Sequence[Tensor], feature: int) -> Tensor:
    """The merged values; `feature` is the axis along which concat joins."""
    match merge:
        case "concat":
            return torch.cat(list(values), dim=feature)
        case "add":
            return reduce(torch.add, values)
        case "multiply":
            return reduce(torch.mul, values)
        case _:
            return values[0] * torch.sigmoid(values[1])


def merge_masks(masks: Sequence[Tensor | None]) -> Tensor | None:
    """A step is real where it is real in every source that has a mask."""
    real = [mask for mask in masks if mask is not None]
    return reduce(torch.logical_and, real) if real else None


def feature_axis(signal: Signal) -> int:
    """The axis along which concat joins, counted with the batch."""
    return FEATURES.get(signal.axes, len(signal.axes))


def merged(merge: str, flows: Sequence[Flow], by: str) -> Flow:
    """The output of merging flows that fit."""
    first = flows[0].signal
    value = merge_tensors(merge, [flow.value for flow in flows], feature_axis(first))
    mask = merge_masks([flow.mask for flow in flows])
    return Flow(Signal(first.axes, tuple(value.shape[1:]), "float", {}, mask is not None), value, mask, by)
