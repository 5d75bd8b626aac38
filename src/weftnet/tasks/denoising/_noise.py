"""Noise of a colour and a loudness of its own for each example.

n = ifft(fft(white) · max(k, 1)^(−colour/2)),   colour ~ Uniform[0, 1]: 0 is white noise, 1 pink
noisy = s + g n,   10 log₁₀(Σ s² / Σ (g n)²) = level,   level ~ Uniform[low, high] dB, both sums over real samples
"""

import torch
from torch import Tensor

from weftnet.tasks._task import noise


def with_noise(clean: Tensor, mask: Tensor | None, low: float, high: float, generator: torch.Generator) -> Tensor:
    """(batch, time, 1) waves with noise; padding stays zero.

    Args:
        clean: (batch, time, 1) waves, zero at padding.
        mask: (batch, time) which samples are real; None where all are.
        low: decibels of the signal over the noise, at least.
        high: at most.
        generator: of all that is drawn.
    """
    batch, time, _ = clean.shape
    wide = torch.promote_types(clean.dtype, torch.float32)
    white = noise((batch, time), clean.to(wide), generator)
    colour, level = torch.rand((2, batch, 1), generator=generator, device=generator.device).to(white)
    frequency = torch.arange(time // 2 + 1, dtype=wide, device=clean.device).clamp(min=1)
    coloured = torch.fft.irfft(torch.fft.rfft(white) * frequency ** (-colour / 2), time)
    if mask is not None:
        coloured = coloured.masked_fill(~mask, 0)
    power = clean.to(wide).square().sum((1, 2)).unsqueeze(1)
    wanted = power / 10 ** ((low + (high - low) * level) / 10)
    gain = (wanted / coloured.square().sum(1, keepdim=True).clamp(min=1e-12)).sqrt()
    noisy: Tensor = clean + (gain * coloured).to(clean.dtype).unsqueeze(2)
    return noisy
