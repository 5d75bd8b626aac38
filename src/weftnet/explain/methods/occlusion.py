"""Occlusion: how much the score falls when a piece is covered.

    a[i] = mean over the windows W that cover i of  f(x) − f(x with W replaced by the baseline)

Windows are patches of an image, half a patch apart, boxes of frames and pixels of a video likewise, and segments of
each channel of a series or a wave, half a segment apart. Single tokens, single columns of a table and single components
of a vector are covered one by one; a category's one-hot columns are covered together. The view of each input defines
the baseline; a token is replaced by the unknown one. No gradient is needed.

Source: M. Zeiler, R. Fergus, Visualizing and understanding convolutional networks, 2014,
https://arxiv.org/abs/1311.2901, section 4.2. Computed by Captum.
Cost: a forward pass for each window; `budget` examples at once.
"""

from typing import Any

import torch
from torch import Tensor

from weftnet.base.extras import need
from weftnet.errors import SettingError
from weftnet.explain.inputs.table import TableView
from weftnet.explain.request import Attribution, AttributionRequest

#: windows along the shorter side of an image, and along a series
_PER_SIDE, _PER_SERIES = 7, 20
#: boxes along the frames of a video, and along the shorter side of a frame
_PER_CLIP, _PER_FRAME = 4, 4


def occlusion(request: AttributionRequest, window: int | None = None) -> Attribution:
    """The fall of the score when a piece is covered.

    Args:
        request: what to explain.
        window: side of a patch in pixels, length of a segment in steps; by default a 7th of an image's shorter side,
            a 4th of a frame's and of the frames, a 20th of a series.

    Raises:
        SettingError: the window is larger than an input.
    """
    captum = need("captum.attr", extra="explain", what="explaining")
    with torch.no_grad():
        return Attribution({name: _falls(captum, request, name, window) for name in request.inputs})


def _falls(captum: Any, request: AttributionRequest, name: str, window: int | None) -> Tensor:
    """(batch, …pieces) of one input, the other inputs unchanged."""
    view, values = request.views[name], request.inputs[name]
    others = [other for other in request.inputs if other != name]
    masks = list(request.masks)

    def score(x: Tensor, *constants: Tensor) -> Tensor:
        inputs = {name: x, **dict(zip(others, constants, strict=False))}
        return request.score(inputs, dict(zip(masks, constants[len(others) :], strict=False)), constants[-1])

    constants = (*(request.inputs[other] for other in others), *request.masks.values(), request.targets.index)
    common = {
        "baselines": view.baseline(values).expand(1, *values.shape[1:]).contiguous(),
        "additional_forward_args": constants,
        "perturbations_per_eval": max(1, request.budget // request.size),
    }
    by_value: Tensor
    if view.kind == "video":
        by_value = captum.Occlusion(score).attribute(values, **_boxes(name, values, window), **common)
        return _without_padding(request, name, by_value[:, :, 0])
    if view.kind in ("image", "series", "wave"):
        sizes, strides = _windows(name, view.kind, values, window)
        by_value = captum.Occlusion(score).attribute(values, sliding_window_shapes=sizes, strides=strides, **common)
        # an image's channels are covered together, so that each of them has the pixel's fall
        return _without_padding(request, name, by_value[:, 0] if view.kind == "image" else by_value)
    if isinstance(view, TableView):
        groups = view.owners.to(values.device)[None]
        by_value = captum.FeatureAblation(score).attribute(values, feature_mask=groups, **common)
        first = torch.searchsorted(view.owners, torch.arange(int(view.owners.max()) + 1))
        return by_value[:, first.to(by_value.device)]  # every encoded value of a column has the column's fall
    pieces = view.per_piece(torch.zeros_like(values[:1])).shape
    single = view.per_value(torch.arange(pieces.numel(), device=values.device).reshape(pieces))
    groups = single.expand(1, *values.shape[1:])
    by_value = captum.FeatureAblation(score).attribute(values, feature_mask=groups, **common)
    shared = values[0].numel() // pieces.numel()  # every value of a piece has the piece's fall
    return _without_padding(request, name, view.per_piece(by_value) / shared)


def _without_padding(request: AttributionRequest, name: str, attributions: Tensor) -> Tensor:
    """Exactly 0 at padding."""
    if name not in request.masks:
        return attributions
    mask = request.masks[name]
    return attributions * mask.reshape(*mask.shape, *[1] * (attributions.ndim - 2)).to(attributions)


def _windows(name: str, kind: str, values: Tensor, window: int | None) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Sizes and strides of the windows over (channels, height, width) or (time, channels)."""
    sides = values.shape[2:] if kind == "image" else values.shape[1:2]
    size = window if window is not None else max(1, min(sides) // (_PER_SIDE if kind == "image" else _PER_SERIES))
    if not 1 <= size <= min(sides):
        raise SettingError("the window doesn't fit", where=name, expected=f"1 to {min(sides)}", got=str(size))
    stride = max(1, size // 2)
    if kind == "image":
        channels = values.shape[1]
        return (channels, size, size), (channels, stride, stride)
    return (size, 1), (stride, 1)


def _boxes(name: str, values: Tensor, window: int | None) -> dict[str, tuple[int, ...]]:
    """Sizes and strides of the windows over (time, channels, height, width)."""
    time, channels, *sides = values.shape[1:]
    side = window if window is not None else max(1, min(sides) // _PER_FRAME)
    if not 1 <= side <= min(sides):
        raise SettingError("the window doesn't fit", where=name, expected=f"1 to {min(sides)}", got=str(side))
    long, stride = max(1, time // _PER_CLIP), max(1, side // 2)
    return {
        "sliding_window_shapes": (long, channels, side, side),
        "strides": (max(1, long // 2), channels, stride, stride),
    }
