"""Grad-CAM: where the features of the last convolution speak for the target.

    α[k] = mean over positions p of ∂f / ∂A[k, p]       A: the output of the last convolution, k its channels
    L[p] = relu(Σₖ α[k] · A[k, p])                      interpolated linearly to the size of the input

Never below 0: the map shows where, not how much, and nothing in it speaks against the target. Parallel branches (the
widths of a text network) count as one convolution with all their channels, at the finest resolution among them.
Over a spectrogram the map is averaged over frequency and then covers the wave.

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
from weftnet.explain.differentiable import DifferentiableScore
from weftnet.explain.last_convolutions import last_convolutions
from weftnet.explain.request import Attribution, AttributionRequest


def grad_cam(request: AttributionRequest) -> Attribution:
    """Maps over the inputs that the last convolutions see; other inputs get zeros.

    Raises:
        SettingError: no convolution's output has positions, or they don't correspond to those of an input.
    """
    layers = last_convolutions(request.network)
    captum = need("captum.attr", extra="explain", what="explaining")
    differentiable = DifferentiableScore(request)
    with torch.enable_grad():
        maps = [(_seen_input(request, differentiable, layer), _map(captum, differentiable, layer)) for layer in layers]
    if not any(name for name, _ in maps):
        fix = "use integrated_gradients or occlusion"
        raise SettingError("the positions of the last convolution are not those of an input", fix=fix)
    inputs = {}
    for name in request.inputs:
        zeros = _zeros(request, name, like=maps[0][1])
        own = [map_ for seen, map_ in maps if seen == name]
        inputs[name] = _over_input(request, name, zeros, own) if own else zeros
    return Attribution(inputs, compared_with=dict.fromkeys(inputs, ""))


def _map(captum: Any, differentiable: DifferentiableScore, layer: nn.Module) -> Tensor:
    """(batch, 1, …positions) Σₖ α[k] · A[k], without the relu."""
    map_: Tensor = captum.LayerGradCam(differentiable.score, layer).attribute(
        differentiable.values, additional_forward_args=differentiable.constants
    )
    return map_.detach()


def _over_input(request: AttributionRequest, name: str, like: Tensor, maps: list[Tensor]) -> Tensor:
    """(batch, …pieces) the maps of one input: summed, clipped at 0, and interpolated to its size."""
    finest = max((map_.shape[2:] for map_ in maps), key=lambda size: size.numel())
    total = torch.stack([_interpolated(map_, finest) for map_ in maps]).sum(0).relu()
    if request.views[name].kind == "image":
        return _interpolated(total, like.shape[1:3])[:, 0]
    if request.views[name].kind == "video":
        return _interpolated(total, like.shape[1:4])[:, 0]
    if total.ndim == 4:  # a sequence seen as an image: its height is time
        total = total.mean(3)
    over_time = _interpolated(total, like.shape[1:2])[:, 0]
    if name in request.masks:
        over_time = over_time * request.masks[name].to(over_time)
    return over_time[..., None].expand_as(like).contiguous() if over_time.ndim < like.ndim else over_time


def _interpolated(map_: Tensor, size: torch.Size) -> Tensor:
    if map_.shape[2:] == size:
        return map_
    return F.interpolate(
        map_, tuple(size), mode=("linear", "bilinear", "trilinear")[len(size) - 1], align_corners=False
    )


def _zeros(request: AttributionRequest, name: str, like: Tensor) -> Tensor:
    """(batch, …pieces)."""
    zeros = torch.zeros(request.inputs[name].shape, device=like.device, dtype=like.dtype)
    return request.views[name].per_piece(zeros)


def _seen_input(request: AttributionRequest, differentiable: DifferentiableScore, layer: nn.Module) -> str | None:
    """The input that a convolution sees: the first that its output depends on and whose positions match its own."""
    seen: list[Tensor] = []
    with layer.register_forward_hook(lambda _m, _i, output: seen.append(output)):
        values = tuple(each.detach().requires_grad_() for each in differentiable.values)
        differentiable.score(*values, *differentiable.constants)
    gradients = torch.autograd.grad(seen[0].sum(), values, allow_unused=True)
    sequences = ("tokens", "words", "series", "wave")
    kinds: tuple[str, ...] = {3: sequences, 5: ("video",)}.get(seen[0].ndim, ("image",))
    if seen[0].ndim == 4 and any(
        isinstance(each, BLOCKS.get("sequence_to_channels")) for each in request.network.modules()
    ):
        kinds = ("image", *sequences)
    for name, gradient in zip(differentiable.names, gradients, strict=True):
        if gradient is not None and request.views[name].kind in kinds:
            return name
    return None
