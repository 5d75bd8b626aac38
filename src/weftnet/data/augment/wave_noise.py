"""Wave noise: white noise on each recording, at a random distance below it.

    y[t] = x[t] + r · 10^(−d / 20) · ε[t],   r = √(mean of x² over the real steps),  d ~ uniform in [low, high] decibels

Padding stays silent. The ratio of signal to noise is d decibels.
Source: as D. Hannun and others, Deep Speech: scaling up end-to-end speech recognition, 2014,
https://arxiv.org/abs/1412.5567, section 3; there the noise is recorded.
"""

import torch
from torch import Tensor

from weftnet.data.augment._draw import normal, uniform
from weftnet.data.augment._waves import along, real_of


class WaveNoise:
    """Random white noise.

    Args:
        low: the smallest ratio of signal to noise, in decibels.
        high: the largest.
    """

    reads = "wave"

    def __init__(self, low: float = 10.0, high: float = 40.0) -> None:
        if not low <= high:
            raise ValueError(f"wave_noise: expected low ≤ high, got {low} and {high}")
        self.low, self.high = low, high

    def sequences(
        self, values: Tensor, mask: Tensor | None, generator: torch.Generator
    ) -> tuple[Tensor, Tensor | None]:
        """Add noise to waves (batch, time, 1)."""
        real = real_of(values, mask)
        x = torch.where(real[..., None], values, 0)
        power = x.square().sum((1, 2)) / real.sum(1).clamp(min=1)
        decibels = self.low + (self.high - self.low) * uniform(values, generator)
        size = power.sqrt() * (10 ** (-decibels / 20)).to(values.dtype)
        return x + along(size, values) * normal(values, generator) * real[..., None], mask
