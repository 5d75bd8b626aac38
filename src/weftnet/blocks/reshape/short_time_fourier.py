"""A wave as the short-time Fourier transform of its frames: real parts of all frequencies, then imaginary parts.

    y[t, k]        = Re Σ_n w[n] · x[t · hop + n − (window − hop)] · e^(−2πi k n / window),   k = 0 … window/2
    y[t, bins + k] = Im of the same,   bins = window/2 + 1;   x is 0 outside 0 … time − 1
    w[n] = √(½ − ½ cos(2π n / window)),   n = 0 … window − 1
    time_out = ⌈(time + window − hop) / hop⌉

Every sample lies in window / hop frames, so that `inverse_short_time_fourier` gives the wave back.
Source: J. Allen, Short term spectral analysis, synthesis, and modification by discrete Fourier transform, 1977,
https://doi.org/10.1109/TASSP.1977.1162950
Differs from `torch.stft`: real numbers, features last, window − hop zeros before the wave; with a mask, padding reads
as zeros, frames without a real sample are zero. It is computed as a product with a matrix, as every export can do it.
Cost: time / hop · window · (window + 2) multiplications, no parameters.
When: Where the answer is a sound, so that nothing may be lost; to tell sounds apart, `spectrogram` is smaller.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional as F

from weftnet.blocks.reshape._fourier import check, there


class ShortTimeFourier(nn.Module):
    """Frames of a wave, by frequency.

    Args:
        window: samples of a frame, an even number.
        hop: samples from one frame to the next, a divisor of the window; half of it by default.
    """

    def __init__(self, window: int = 256, hop: int | None = None) -> None:
        super().__init__()
        self.window, self.hop = window, check("short_time_fourier", window, hop)

    def forward(
        self, x: Float[Tensor, "batch time dim_in"], mask: Bool[Tensor, "batch time"] | None = None
    ) -> Float[Tensor, "batch time_out dim"]:
        """Real and imaginary parts of every frame.

        Raises:
            ValueError: x is not a wave.
        """
        if x.shape[2] != 1:
            raise ValueError(f"short_time_fourier: x: expected a wave, one value a step, got {x.shape[2]} values")
        if mask is not None:
            x = x.masked_fill(~mask.unsqueeze(-1), 0)
        before = self.window - self.hop
        frames = (x.shape[1] + self.window - 1) // self.hop
        after = (frames - 1) * self.hop + self.window - before - x.shape[1]
        wave = F.pad(x.transpose(1, 2), (before, after))
        y = F.conv1d(wave, there(self.window, x).unsqueeze(1), stride=self.hop).transpose(1, 2)
        return y if mask is None else y.masked_fill(~self.next_mask(mask).unsqueeze(-1), 0)

    def next_mask(self, mask: Bool[Tensor, "batch time"]) -> Bool[Tensor, "batch time_out"]:
        """A frame is real when it holds a real sample: frame t begins at t · hop − (window − hop)."""
        before = self.window - self.hop
        frames = (mask.shape[1] + self.window - 1) // self.hop
        starts = torch.arange(frames, device=mask.device) * self.hop - before
        return starts.clamp(min=0) < mask.sum(1, keepdim=True)
