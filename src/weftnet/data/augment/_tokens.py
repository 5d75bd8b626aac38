"""What augmentations of texts share."""

import torch
from torch import Tensor


def draws(values: Tensor, generator: torch.Generator) -> Tensor:
    """(batch, time) uniform in [0, 1), on the values' device."""
    return torch.rand(values.shape[:2], generator=generator, device=generator.device).to(values.device)


def inner(real: Tensor) -> Tensor:
    """Of (batch, time) real steps, those that are neither the first nor the last one of their text."""
    number = real.cumsum(1)
    return real & (number > 1) & (number < number[:, -1:])
