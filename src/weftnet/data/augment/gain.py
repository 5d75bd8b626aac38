"""Gain: each recording louder or quieter by a random number of decibels.

    y = x · 10^(g / 20),   g ~ uniform in ± decibels

Another distance to the microphone, another amplifier.
"""

import torch
from torch import Tensor

from weftnet.data.augment._draw import positive, uniform
from weftnet.data.augment._waves import along


class Gain:
    """Random loudness.

    Args:
        decibels: the largest change.
    """

    reads = "wave"

    def __init__(self, decibels: float = 6.0) -> None:
        positive("gain", decibels=decibels)
        self.decibels = decibels

    def sequences(
        self, values: Tensor, mask: Tensor | None, generator: torch.Generator
    ) -> tuple[Tensor, Tensor | None]:
        """Change the loudness of waves (batch, time, 1)."""
        decibels = (2 * uniform(values, generator) - 1) * self.decibels
        return values * along(10 ** (decibels / 20), values), mask
