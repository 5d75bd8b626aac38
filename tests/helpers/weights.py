"""Copying an independent network's weights into one of ours, in order."""

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from weftnet.architecture.signal import parse
from weftnet.architecture.spec import Architecture
from weftnet.compose import build


def network(architecture: Architecture, text: str) -> nn.Module:
    """The network in float64, for evaluation."""
    made: nn.Module = build(architecture, {"network": {"x": parse(text)}})["network"]
    return made.double().eval()


def shaken(module: nn.Module) -> nn.Module:
    """Every parameter and statistic away from where it starts, so that none of them goes unnoticed."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(0.05 * torch.randn_like(parameter))
        for name, buffer in module.named_buffers():
            if name.endswith(("running_mean", "running_var")):
                buffer.add_(torch.rand_like(buffer))
    return module.double().eval()


def fill(made: nn.Module, weights: Iterable[Tensor]) -> None:
    """Copy weights in order; there are as many, of the same shapes."""
    with torch.no_grad():
        for parameter, weight in zip(made.parameters(), weights, strict=True):
            assert parameter.shape == weight.shape
            parameter.copy_(weight)


def count(module: nn.Module) -> int:
    """Parameters."""
    return sum(parameter.numel() for parameter in module.parameters())
