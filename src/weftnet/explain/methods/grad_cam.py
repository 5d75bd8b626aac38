"""Grad-CAM: where the last convolution's features speak for the target.

    α[k] = mean over places p of ∂f / ∂A[k, p]          A: the last convolution's output, k its channels
    L[p] = relu(Σₖ α[k] · A[k, p])                      stretched linearly to the size of the input

Above 0 or nothing: the map says where, not how much, and nothing in it speaks against the target. Branches side by
side (the widths of a text network) count as one convolution with all their channels, on the places of the finest.
Over a spectrogram the map is averaged over pitch, and what is left lies over the wave.

Source: R. Selvaraju and others, Grad-CAM: visual explanations from deep networks via gradient-based localization, 2017,
https://arxiv.org/abs/1610.02391. Computed by Captum. Differs: a convolution's output is read before its activation.
Cost: a forward and a backward pass for each last convolution.
"""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from weftnet.base.extras import need
from weftnet.blocks import BLOCKS
from weftnet.errors import SettingError
from weftnet.explain.last_convolutions import last_convolutions
from weftnet.explain.question import Found, Question
from weftnet.explain.surface import Surface


def grad_cam(question: Question) -> Found:
    """Maps over the inputs that the last convolutions look at; other inputs get zeros.

    Raises:
        SettingError: no convolution's output has places, or they are not those of an input.
    """
    layers = last_convolutions(question.network)
    captum = need("captum.attr", extra="explain", what="explaining")
    surface = Surface(question)
    with torch.enable_grad():
        maps = [(_input(question, surface, layer), _map(captum, surface, layer)) for layer in layers]
    if not any(name for name, _ in maps):
        fix = "use integrated_gradients or occlusion"
        raise SettingError("the last convolution's places are not those of an input", fix=fix)
    inputs = {}
    for name in question.inputs:
        parts = _zeros(question, name, like=maps[0][1])
        own = [map_ for given, map_ in maps if given == name]
        inputs[name] = _over(question, name, parts, own) if own else parts
    return Found(inputs, against=dict.fromkeys(inputs, ""))


def _map(captum: Any, surface: Surface, layer: nn.Module) -> Tensor:
    """(batch, 1, …places) Σₖ α[k] · A[k], without the relu."""
    found: Tensor = captum.LayerGradCam(surface.score, layer).attribute(
        surface.values, additional_forward_args=surface.rest
    )
    return found.detach()


def _over(question: Question, name: str, parts: Tensor, maps: list[Tensor]) -> Tensor:
    """(batch, …parts) the maps of one input, added up, above 0, and stretched over it."""
    finest = max((map_.shape[2:] for map_ in maps), key=lambda size: size.numel())
    total = torch.stack([_stretched(map_, finest) for map_ in maps]).sum(0).relu()
    if question.views[name].kind == "image":
        return _stretched(total, parts.shape[1:3])[:, 0]
    if total.ndim == 4:  # a sequence seen as an image: time runs down
        total = total.mean(3)
    found = _stretched(total, parts.shape[1:2])[:, 0]
    if name in question.masks:
        found = found * question.masks[name].to(found)
    return found[..., None].expand_as(parts).contiguous() if found.ndim < parts.ndim else found


def _stretched(map_: Tensor, size: torch.Size) -> Tensor:
    if map_.shape[2:] == size:
        return map_
    return F.interpolate(map_, tuple(size), mode="bilinear" if len(size) == 2 else "linear", align_corners=False)


def _zeros(question: Question, name: str, like: Tensor) -> Tensor:
    """(batch, …parts)."""
    return question.views[name].fold(torch.zeros(question.inputs[name].shape, device=like.device, dtype=like.dtype))


def _input(question: Question, surface: Surface, layer: nn.Module) -> str | None:
    """The input that a convolution looks at: the first that it hangs on and whose places are its own."""
    seen: list[Tensor] = []
    with layer.register_forward_hook(lambda _m, _i, output: seen.append(output)):
        values = tuple(each.detach().requires_grad_() for each in surface.values)
        surface.score(*values, *surface.rest)
    gradients = torch.autograd.grad(seen[0].sum(), values, allow_unused=True)
    sequences = ("tokens", "series", "wave")
    kinds: tuple[str, ...] = sequences if seen[0].ndim == 3 else ("image",)
    if seen[0].ndim == 4 and any(
        isinstance(each, BLOCKS.get("sequence_to_channels")) for each in question.network.modules()
    ):
        kinds = ("image", *sequences)
    for name, gradient in zip(surface.names, gradients, strict=True):
        if gradient is not None and question.views[name].kind in kinds:
            return name
    return None
