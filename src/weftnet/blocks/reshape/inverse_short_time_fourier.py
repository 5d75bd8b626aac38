"""Frames by frequency back to a wave: each is transformed back, windowed, and added where it lay.

    frame[t, n] = 1/window · Σ_k c[k] · (x[t, k] cos(2π k n / window) − x[t, bins + k] sin(2π k n / window))
    y[s] = 2 hop / window · Σ over t, n with t · hop + n − (window − hop) = s of w[n] · frame[t, n]
    c[k] = 1 for k = 0 and window/2, else 2;   w, bins: see short_time_fourier
    time_out = time · hop − (window − hop)

Behind `short_time_fourier` it gives the wave and at most hop − 1 further samples. Of frames that belong to no wave, as
of a filter's, it gives the wave whose frames come nearest (least squares).
Source: D. Griffin, J. Lim, Signal estimation from modified short-time Fourier transform, 1984,
https://doi.org/10.1109/TASSP.1984.1164317
Cost: time · window · (window + 2) multiplications, no parameters.
When: At the end of a network that filters frequencies and answers with a sound.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional as F

from weftnet.blocks.reshape._fourier import back, check


class InverseShortTimeFourier(nn.Module):
    """A wave of frames.

    Args:
        dim_in: values of a frame, two more than its window has samples.
        hop: samples from one frame to the next; half the window by default.
    """

    def __init__(self, dim_in: int, hop: int | None = None) -> None:
        super().__init__()
        self.window = dim_in - 2
        self.hop = check("inverse_short_time_fourier", self.window, hop)

    def forward(
        self, x: Float[Tensor, "batch time dim_in"], mask: Bool[Tensor, "batch time"] | None = None
    ) -> Float[Tensor, "batch time_out dim"]:
        """The sum of the frames, without what lies before the wave.

        Raises:
            ValueError: there are too few frames for a sample.
        """
        before = self.window - self.hop
        length = x.shape[1] * self.hop - before
        if length < 1:
            raise ValueError(f"inverse_short_time_fourier: expected more than {before // self.hop} frames")
        if mask is not None:
            x = x.masked_fill(~mask.unsqueeze(-1), 0)
        weight = back(self.window, self.hop, x).unsqueeze(1)
        wave = F.conv_transpose1d(x.transpose(1, 2), weight, stride=self.hop)
        y = wave[:, :, before : before + length].transpose(1, 2)
        return y if mask is None else y.masked_fill(~self.next_mask(mask).unsqueeze(-1), 0)

    def next_mask(self, mask: Bool[Tensor, "batch time"]) -> Bool[Tensor, "batch time_out"]:
        """As many samples as the real frames alone would give."""
        before = self.window - self.hop
        samples = torch.arange(mask.shape[1] * self.hop - before, device=mask.device)
        return samples < mask.sum(1, keepdim=True) * self.hop - before
