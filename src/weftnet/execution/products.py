"""Dense layers whose products oneDNN computes (`weftnet.base.onednn`), where torch asks its BLAS library.

What is not float32 on the CPU, or runs under autocast, is computed by torch as before. Parameters, their names and the
blocks stay as they are. Layers of some ten units are slower: each product is an autograd function in Python.
"""

from types import MethodType

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from weftnet.base.onednn import can_use_onednn, product


def dense_by_onednn(model: nn.Module, on: bool = True) -> int:
    """Let oneDNN compute every dense layer, or as written again; gives how many it now does."""
    layers = [module for module in model.modules() if type(module) is nn.Linear] if can_use_onednn() else []
    for layer in layers:
        layer.__dict__.pop("forward", None)
        if on:
            # a method, so that a copy of the layer uses its own weights
            layer.__dict__["forward"] = MethodType(_forward, layer)
    return len(layers) * on


def _forward(layer: nn.Linear, x: Tensor) -> Tensor:
    fits = x.dtype == torch.float32 == layer.weight.dtype and x.device.type == "cpu" and x.dim() > 1 and x.numel() > 0
    if not fits or torch.is_autocast_enabled("cpu"):
        return F.linear(x, layer.weight, layer.bias)
    return product(x, layer.weight, layer.bias)
