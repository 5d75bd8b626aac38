"""Occlusion: how much the score falls when a part is covered.

    a[i] = mean over the windows W that cover i of  f(x) − f(x with W replaced by nothing)

Windows are patches of an image, half a patch apart, and segments of each channel of a series or a wave, half a segment
apart. Single tokens, single columns of a table and single components of a vector are covered one by one; a category's
one-hot columns are covered together. What `nothing` is, the view of each input says; a token is replaced by the unknown
one. No gradient is needed.

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
from weftnet.explain.question import Found, Question

#: windows along the shorter side of an image, and along a series
_ACROSS, _ALONG = 7, 20


def occlusion(question: Question, window: int | None = None) -> Found:
    """The fall of the score when a part is covered.

    Args:
        question: what is asked.
        window: side of a patch in pixels, length of a segment in steps; a 7th of an image, a 20th of a series.

    Raises:
        SettingError: the window is larger than an input.
    """
    captum = need("captum.attr", extra="explain", what="explaining")
    with torch.no_grad():
        return Found({name: _covered(captum, question, name, window) for name in question.inputs})


def _covered(captum: Any, question: Question, name: str, window: int | None) -> Tensor:
    """(batch, …parts) of one input, the others left as they are."""
    view, values = question.views[name], question.inputs[name]
    others = [other for other in question.inputs if other != name]
    masks = list(question.masks)

    def score(x: Tensor, *rest: Tensor) -> Tensor:
        inputs = {name: x, **dict(zip(others, rest, strict=False))}
        return question.score(inputs, dict(zip(masks, rest[len(others) :], strict=False)), rest[-1])

    rest = (*(question.inputs[other] for other in others), *question.masks.values(), question.targets.index)
    common = {
        "baselines": view.nothing(values).expand(1, *values.shape[1:]).contiguous(),
        "additional_forward_args": rest,
        "perturbations_per_eval": max(1, question.budget // question.size),
    }
    if view.kind in ("image", "series", "wave"):
        sizes, strides = _windows(name, view.kind, values, window)
        found: Tensor = captum.Occlusion(score).attribute(
            values, sliding_window_shapes=sizes, strides=strides, **common
        )
        return _real(question, name, found[:, 0] if view.kind == "image" else found)  # channels go together
    if isinstance(view, TableView):
        groups = view.owners.to(values.device)[None]
        found = captum.FeatureAblation(score).attribute(values, feature_mask=groups, **common)
        first = torch.searchsorted(view.owners, torch.arange(int(view.owners.max()) + 1))
        return found[:, first.to(found.device)]  # every encoded value of a column has the column's fall
    single = torch.arange(values[0].numel(), device=values.device).reshape(1, *values.shape[1:])
    found = captum.FeatureAblation(score).attribute(values, feature_mask=single, **common)
    return _real(question, name, view.fold(found))


def _real(question: Question, name: str, found: Tensor) -> Tensor:
    """Exactly 0 at padding."""
    if name not in question.masks:
        return found
    mask = question.masks[name]
    return found * mask.reshape(*mask.shape, *[1] * (found.ndim - 2)).to(found)


def _windows(name: str, kind: str, values: Tensor, window: int | None) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """Sizes and strides of the windows over (channels, height, width) or (time, channels)."""
    sides = values.shape[2:] if kind == "image" else values.shape[1:2]
    size = window if window is not None else max(1, min(sides) // (_ACROSS if kind == "image" else _ALONG))
    if not 1 <= size <= min(sides):
        raise SettingError("the window doesn't fit", where=name, expected=f"1 to {min(sides)}", got=str(size))
    stride = max(1, size // 2)
    if kind == "image":
        channels = values.shape[1]
        return (channels, size, size), (channels, stride, stride)
    return (size, 1), (stride, 1)
