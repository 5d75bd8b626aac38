"""Log-spectral distance: how far a wave's spectrum is from the true one, frame by frame, in decibels.

    P[t, k] = |Σ_n w[n] · s[t · hop + n] e^(−2πi k n / window)|²,   w[n] = ½ − ½ cos(2π n / window)
    d[t, k] = 10 log₁₀((P_y[t, k] + ε) / (P_s[t, k] + ε)),   ε = 10⁻⁵ · mean of P_s over the example's frames
    distance = mean over t of √(mean over k of d[t, k]²),   the mean over the examples

Frames of s that are all silent don't count, and so neither does padding. ε bounds what is inaudibly quiet, 50 dB below.
Source: A. Gray, J. Markel, Distance measures for speech processing, 1976, https://doi.org/10.1109/TASSP.1976.1162849.
Differs: of it, ε.
"""

import torch
from torch import Tensor
from torch.nn import functional as F

from weftnet.metrics._metric import Sums

#: samples of a frame, and from one to the next
WINDOW, HOP = 256, 64
_QUIET = 1e-5


class SpectralDistance(Sums, better="min"):
    """From waves (batch, time, …) and true waves of the same shape, both zero at padding."""

    def sums(self, outputs: Tensor, target: Tensor) -> Tensor:
        """Σ distances of the examples that are not silent, and how many."""
        y, s = (power(each.double().flatten(1), WINDOW, HOP) for each in (outputs, target))
        heard = s.sum(1) > 0  # (batch, frames)
        counts = heard.sum(1).clamp(min=1)
        quiet = _QUIET * (s.sum((1, 2)) / counts / s.shape[1]).clamp(min=1e-30)[:, None, None]
        d = 10 * ((y + quiet) / (s + quiet)).log10()
        each = (d.square().mean(1).sqrt() * heard).sum(1) / counts
        return torch.stack([each.sum(), heard.any(1).sum().to(each)])

    def of(self, total: Tensor) -> Tensor:
        """The mean."""
        return total[0] / total[1]


def power(wave: Tensor, window: int, hop: int) -> Tensor:
    """(batch, window/2 + 1, frames) of waves (batch, time), which silence follows up to a whole frame."""
    if not len(wave):
        return wave.new_zeros(0, window // 2 + 1, 1)
    frames = max(0, -(-(wave.shape[1] - window) // hop)) + 1
    padded = F.pad(wave, (0, (frames - 1) * hop + window - wave.shape[1]))
    hann = torch.hann_window(window, dtype=wave.dtype, device=wave.device)
    parts = torch.view_as_real(torch.stft(padded, window, hop, window=hann, center=False, return_complex=True))
    return parts.square().sum(3)


def example(generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Waves, and the same with a little noise."""
    clean = torch.randn(12, 400, 1, generator=generator, dtype=torch.float64)
    return clean + 0.3 * torch.randn(12, 400, 1, generator=generator, dtype=torch.float64), clean
