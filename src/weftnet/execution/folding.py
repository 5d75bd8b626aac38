"""Batch norms folded into the layer in front of them, for answers: each saves a pass over all values.

    y = (W x + b − mean) / √(var + eps) · γ + β  =  W' x + b'
    s = γ / √(var + eps)        W' = s · W        b' = (b − mean) · s + β        b = 0 where there is no bias

mean and var are the running ones, so this holds in evaluation alone; W' and b' are computed in float64 and rounded
once. A norm is folded where it directly follows, in a chain, a block that ends in a convolution or a dense layer.
Modules that are used in several places, or have hooks, are left alone. (`whitening_conv2d` has no layer of its own,
and keeps its norm.)

The folded layer replaces the layer, and an identity the norm: for evaluation, with the weights as they are now. Both
happen in an executor's own modules (`executor.py`); the model keeps its layers. When weights change, a new executor is
needed.
Source: B. Jacob et al., Quantization and training of neural networks, 2017, https://arxiv.org/abs/1712.05877, eq. 14.
"""

import copy
from collections import Counter
from collections.abc import Iterator
from itertools import pairwise
from typing import Any, NamedTuple

import torch
from torch import nn

from weftnet.blocks import BLOCKS
from weftnet.compose.network import Combined
from weftnet.compose.sharing import SharedNode

#: Blocks that end in a layer whose outputs a norm could scale, and the layer's name in the block.
_LAYERS = {
    "conv1d": "conv", "conv2d": "conv", "separable_conv2d": "pointwise", "transposed_conv1d": "conv",
    "transposed_conv2d": "conv", "dense": "linear",
}  # fmt: skip
_NORMS = ("batch_norm", "batch_norm2d")
#: The axis of the weight along the outputs, by class; other classes, such as adapters, are not folded.
_OUTPUTS: dict[type[nn.Module], int] = {
    nn.Conv1d: 0, nn.Conv2d: 0, nn.Linear: 0, nn.ConvTranspose1d: 1, nn.ConvTranspose2d: 1,
}  # fmt: skip


class _Pair(NamedTuple):
    """A block, the name of its last layer, and the norm that directly follows it."""

    block: nn.Module
    layer: str
    norm: nn.Module


def fold_norms(model: nn.Module) -> int:
    """Make every batch norm right behind a convolution or dense layer a part of that layer.

    Args:
        model: in evaluation mode, whose layers are changed: an executor's own.

    Returns:
        How many norms are folded.
    """
    pairs = list(_pairs(model))
    for pair in pairs:
        layer, norm = pair.block.get_submodule(pair.layer), pair.norm.get_submodule("norm")
        pair.block.add_module(pair.layer, _folded(layer, norm))
        pair.norm.add_module("norm", nn.Identity())
    return len(pairs)


def _pairs(model: nn.Module) -> Iterator[_Pair]:
    """Blocks whose last layer can absorb the norm behind them."""
    places = Counter(id(module) for _, module in model.named_modules(remove_duplicate=False))
    for module in model.modules():
        if isinstance(module, SharedNode):
            places.update(id(inner) for inner in module.target.modules())
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
            foldable = all(places[id(each)] == 1 and not _has_hooks(each) for each in (first, layer, second, norm))
            if foldable and type(layer) in _OUTPUTS and type(norm) in (nn.BatchNorm1d, nn.BatchNorm2d):
                yield _Pair(first, kinds[type(first)], second)


def _chains(model: nn.Module) -> Iterator[Combined]:
    return (module for module in model.modules() if _is_chain(module))


def _is_chain(module: nn.Module) -> bool:
    return isinstance(module, Combined) and module._kind == "chain"


def _blocks(chain: nn.Module) -> Iterator[nn.Module]:
    """A chain's blocks, inner chains flattened; in the written order, so that `pool_first` splits no pair."""
    for segment in chain._written:  # type: ignore[union-attr]  # of a Combined
        child = chain.get_submodule(segment)
        yield from _blocks(child) if _is_chain(child) else (child,)


def _has_hooks(module: nn.Module) -> bool:
    return bool(module._forward_hooks or module._forward_pre_hooks)


@torch.no_grad()
def _folded(layer: Any, norm: Any) -> nn.Module:
    """A layer that computes both."""
    axis = _OUTPUTS[type(layer)]
    scale = (norm.running_var.double() + norm.eps).rsqrt() * norm.weight.double()
    along = [-1 if place == axis else 1 for place in range(layer.weight.dim())]
    bias = -norm.running_mean.double() if layer.bias is None else layer.bias.double() - norm.running_mean
    weight = torch.empty_like(layer.weight).copy_(layer.weight * scale.view(along))  # in the weight's own layout
    folded = copy.deepcopy(layer, {id(each): each for each in layer.parameters()})
    folded.weight = nn.Parameter(weight, requires_grad=False)
    folded.bias = nn.Parameter((bias * scale + norm.bias).to(weight.dtype), requires_grad=False)
    return folded  # type: ignore[no-any-return]
