"""Batch norms folded into the layer in front of them, for answers: a pass over all values less for each.

    y = (W x + b − mean) / √(var + eps) · γ + β  =  W' x + b'
    s = γ / √(var + eps)        W' = s · W        b' = (b − mean) · s + β        b = 0 where there is no bias

mean and var are the running ones, so that this holds in evaluation alone; W' and b' are computed in float64 and rounded
once. A pair is folded where a chain has the norm right behind a block that ends in a convolution or a dense layer; what
stands at several places of the model is left alone, and so is what somebody watches by hooks. (`whitening_conv2d` has
no layer of its own, and keeps its norm.)

Parameters, buffers, their names and the blocks' paths stay as they are: the folded weights belong to a stand-in beside
the layer, which runs while the norm is in evaluation and no gradient is recorded; then the norm passes on what it
reads. Otherwise both run as written. Weights that change later reach the stand-in when norms are folded again.
Source: B. Jacob et al., Quantization and training of neural networks, 2017, https://arxiv.org/abs/1712.05877, eq. 14.
"""

import copy
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from types import MethodType
from typing import Any

import torch
from torch import Tensor, nn

from weftnet.blocks import BLOCKS
from weftnet.compose.network import Combined

#: Blocks that end in a layer whose outputs a norm could scale, and what they call it.
_LAYERS = {
    "conv1d": "conv", "conv2d": "conv", "separable_conv2d": "pointwise", "transposed_conv1d": "conv",
    "transposed_conv2d": "conv", "dense": "linear",
}  # fmt: skip
_NORMS = ("batch_norm", "batch_norm2d")
#: The axis of a weight that counts outputs; other classes, such as those of adapters, are not folded.
_OUTPUTS: dict[type[nn.Module], int] = {
    nn.Conv1d: 0, nn.Conv2d: 0, nn.Linear: 0, nn.ConvTranspose1d: 1, nn.ConvTranspose2d: 1,
}  # fmt: skip


def fold_norms(model: nn.Module, on: bool = True) -> int:
    """Let every batch norm right behind a convolution or dense layer be part of it, or as written again.

    Args:
        model: a `Network`, or a module that holds some.
        on: False for the layers as written.

    Returns:
        How many norms are folded.
    """
    for module in model.modules():
        _unfold(module)
    pairs = list(_pairs(model)) if on else []
    for layer, norm in pairs:
        _fold(layer, norm)
    return len(pairs)


def _pairs(model: nn.Module) -> Iterator[tuple[nn.Module, nn.Module]]:
    """Layers, each with the norm that can be folded into it."""
    places = Counter(id(module) for _, module in model.named_modules(remove_duplicate=False))
    kinds = {BLOCKS.get(name): layer for name, layer in _LAYERS.items()}
    norms = tuple(BLOCKS.get(name) for name in _NORMS)
    inner = {id(child) for chain in _chains(model) for child in chain.children() if _is_chain(child)}
    for chain in _chains(model):
        if id(chain) in inner:
            continue
        blocks = list(_blocks(chain))
        for first, second in pairwise(blocks):
            if type(first) not in kinds or not isinstance(second, norms):
                continue
            layer, norm = first.get_submodule(kinds[type(first)]), second.get_submodule("norm")
            alone = all(places[id(each)] == 1 and not _watched(each) for each in (first, layer, second, norm))
            if alone and type(layer) in _OUTPUTS and type(norm) in (nn.BatchNorm1d, nn.BatchNorm2d):
                yield layer, norm


def _chains(model: nn.Module) -> Iterator[Combined]:
    return (module for module in model.modules() if _is_chain(module))


def _is_chain(module: nn.Module) -> bool:
    return isinstance(module, Combined) and module._kind == "chain"


def _blocks(chain: nn.Module) -> Iterator[nn.Module]:
    """What a chain runs one after another, chains in it taken apart. Written order: `pool_first` parts no pair."""
    for segment in chain._written:  # type: ignore[union-attr]  # of a Combined
        child = chain.get_submodule(segment)
        yield from _blocks(child) if _is_chain(child) else (child,)


def _watched(module: nn.Module) -> bool:
    return bool(module._forward_hooks or module._forward_pre_hooks)


def _fold(layer: Any, norm: Any) -> None:
    axis = _OUTPUTS[type(layer)]
    with torch.no_grad():
        scale = (norm.running_var.double() + norm.eps).rsqrt() * norm.weight.double()
        along = [-1 if place == axis else 1 for place in range(layer.weight.dim())]
        bias = -norm.running_mean.double() if layer.bias is None else layer.bias.double() - norm.running_mean
        weight = torch.empty_like(layer.weight).copy_(layer.weight * scale.view(along))  # in the weight's own layout
        bias = (bias * scale + norm.bias).to(weight.dtype)
    stand_in, own = copy.copy(layer), layer.__dict__.get("forward")
    # not by assignment: the copy still shares its table of parameters with the layer
    stand_in.__dict__["_parameters"] = {
        name: nn.Parameter(value, requires_grad=False) for name, value in (("weight", weight), ("bias", bias))
    }
    if own is not None:  # another way to compute the layer, such as `products`', goes on with the other weights
        stand_in.__dict__["forward"] = MethodType(own.__func__, stand_in)
    # past nn.Module's own tables: neither is a part of the model; methods, so that a copy has its own
    layer.__dict__ |= {"_folded": (stand_in, norm, own), "forward": MethodType(_run_layer, layer)}
    norm.__dict__ |= {"_folded": layer, "forward": MethodType(_run_norm, norm)}


def _unfold(module: nn.Module) -> None:
    folded = module.__dict__.pop("_folded", None)
    if folded is None or not _is_ours(module):
        return
    del module.__dict__["forward"]
    if isinstance(folded, tuple) and folded[2] is not None:
        module.__dict__["forward"] = folded[2]


def _is_ours(module: nn.Module) -> bool:
    """Whether nobody has put another way to compute it in place since."""
    return getattr(module.__dict__.get("forward"), "__func__", None) in (_run_layer, _run_norm)


def _as_written(norm: nn.Module) -> bool:
    return norm.training or torch.is_grad_enabled()


def _run_layer(layer: Any, x: Tensor) -> Tensor:
    stand_in, norm, own = layer.__dict__["_folded"]
    if _as_written(norm):
        return own(x) if own is not None else type(layer).forward(layer, x)  # type: ignore[no-any-return]
    y: Tensor = stand_in.forward(x)
    return y


def _run_norm(norm: Any, x: Tensor) -> Tensor:
    layer = norm.__dict__["_folded"]
    if not _as_written(norm) and _is_ours(layer):
        return x
    y: Tensor = type(norm).forward(norm, x)
    return y
