"""Grad-CAM: where the last convolution's features speak for the target.

    α[k] = mean over places p of ∂f / ∂A[k, p]          A: the last convolution's output, k its channels
    L[p] = relu(Σₖ α[k] · A[k, p])                      stretched linearly to the size of the input

Above 0 or nothing: the map says where, not how much, and nothing in it speaks against the target. Branches side by
side (the widths of a text network) count as one convolution with all their channels, on the places of the finest.

Source: R. Selvaraju and others, Grad-CAM: visual explanations from deep networks via gradient-based localization, 2017,
https://arxiv.org/abs/1610.02391. Computed by Captum. Differs: a convolution's output is read before its activation.
Cost: a forward and a backward pass for each last convolution.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from netloom.errors import SettingError
from netloom.explain.last_convolutions import last_convolutions
from netloom.explain.question import Found, Question
from netloom.explain.surface import Surface
from netloom.extras import need


def grad_cam(question: Question) -> Found:
    """A map over the input that the last convolution looks at; the other inputs get zeros.

    Raises:
        SettingError: no convolution's output has places, or they are not those of an input.
    """
    layers = last_convolutions(question.network)
    captum = need("captum.attr", extra="explain", what="explaining")
    surface = Surface(question)
    with torch.enable_grad():
        maps = [_map(captum, surface, layer) for layer in layers]
    finest = max((map_.shape[2:] for map_ in maps), key=lambda size: size.numel())
    total = torch.stack([_stretched(map_, finest) for map_ in maps]).sum(0).relu()
    name = _input(question, surface, layers[0], len(finest))
    inputs = {other: _like(question, other) for other in question.inputs}
    parts = inputs[name]
    sides = parts.shape[1:3] if len(finest) == 2 else parts.shape[1:2]
    found = _stretched(total, tuple(sides))[:, 0]
    if name in question.masks:
        found = found * question.masks[name].to(found)
    inputs[name] = found[..., None].expand_as(parts).contiguous() if found.ndim < parts.ndim else found
    return Found(inputs, against=dict.fromkeys(inputs, "nothing: it says where the features are"))


def _map(captum: Any, surface: Surface, layer: nn.Module) -> Tensor:
    """(batch, 1, …places) Σₖ α[k] · A[k], without the relu."""
    found: Tensor = captum.LayerGradCam(surface.score, layer).attribute(
        surface.values, additional_forward_args=surface.rest
    )
    return found.detach()


def _stretched(map_: Tensor, size: tuple[int, ...]) -> Tensor:
    if tuple(map_.shape[2:]) == size:
        return map_
    return F.interpolate(map_, size, mode="bilinear" if len(size) == 2 else "linear", align_corners=False)


def _like(question: Question, name: str) -> Tensor:
    """(batch, …parts) zeros."""
    values = question.inputs[name]
    zeros = torch.zeros(values.shape, device=values.device, dtype=question.targets.units.dtype)
    return question.views[name].fold(zeros)


def _input(question: Question, surface: Surface, layer: nn.Module, axes: int) -> str:
    """The input that a convolution looks at: it hangs on it, and has as many axes of places."""
    seen: list[Tensor] = []
    hook = layer.register_forward_hook(lambda _m, _i, output: seen.append(output))
    with torch.enable_grad(), hook:
        values = tuple(each.detach().requires_grad_() for each in surface.values)
        surface.score(*values, *surface.rest)
        gradients = torch.autograd.grad(seen[0].sum(), values, allow_unused=True)
    kinds = ("image",) if axes == 2 else ("tokens", "series", "wave")
    for name, gradient in zip(surface.names, gradients, strict=True):
        if gradient is not None and question.views[name].kind in kinds:
            return name
    raise SettingError(
        "the last convolution's places are not those of an input", fix="use integrated_gradients or occlusion"
    )
