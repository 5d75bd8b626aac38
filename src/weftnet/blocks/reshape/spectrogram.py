"""A wave as a log-mel spectrogram: the energy of each frequency band in each frame.

    frame[t, n] = hann[n] · x[t · hop + n]           hann[n] = ½ − ½ cos(2π n / window),  n = 0 … window − 1
    power[t, k] = |Σ_n frame[t, n] · e^(−2πi k n / window)|²                       k = 0 … ⌊window / 2⌋
    y[t, m] = ln(Σ_k filter[m, k] · power[t, k] + 10⁻⁶)

A filter is a triangle of height 1 over the frequencies f[k] = k · rate / window. The corners of all filters stand at
equal distances on the mel scale from 0 to rate / 2; filter m rises from corner m to m + 1 and falls to m + 2.
The mel scale is HTK's: mel(f) = 2595 log₁₀(1 + f / 700). Slaney's (librosa's default) is another, with triangles of
equal area.

Source: S. Davis, P. Mermelstein, Comparison of parametric representations for monosyllabic word recognition, 1980,
https://doi.org/10.1109/TASSP.1980.1163420; scale: D. O'Shaughnessy, Speech communication, 1987, as in the HTK book.
As `torchaudio.transforms.MelSpectrogram(center=False)` and a logarithm. Frames lie wholly inside the wave: there are
1 + ⌊(time − window) / hop⌋, and a frame is real when all its samples are.
Cost: a transform of some window · log₂(window) and (window / 2 + 1) · bands multiplications a frame, no parameters.
When: As the first block for recordings: words, music, machines. On the wave itself a network needs far more examples.
"""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

FLOOR = 1e-6


class Spectrogram(nn.Module):
    """The log-mel spectrogram of a wave.

    Args:
        window: length of a frame, in samples.
        hop: samples from one frame to the next.
        bands: number of mel bands.
        rate: samples a second.
    """

    def __init__(self, window: int = 400, hop: int = 160, bands: int = 64, rate: int = 16000) -> None:
        super().__init__()
        for name, value in (("window", window), ("hop", hop), ("bands", bands), ("rate", rate)):
            if value < 1:
                raise ValueError(f"spectrogram: {name}: expected a positive integer, got {value}")
        self.window, self.hop, self.bands, self.rate = window, hop, bands, rate
        self._check_bands()

    def forward(
        self, x: Float[Tensor, "batch time dim_in"], mask: Bool[Tensor, "batch time"] | None = None
    ) -> Float[Tensor, "batch time_out dim"]:
        """One step per frame, one value per band.

        Raises:
            ValueError: x is not a wave, or shorter than a frame.
        """
        if x.shape[2] != 1:
            raise ValueError(f"spectrogram: x: expected a wave, one value a step, got {x.shape[2]} values")
        if x.shape[1] < self.window:
            raise ValueError(f"spectrogram: window: expected at most the wave's {x.shape[1]} steps, got {self.window}")
        if mask is not None:
            x = x.masked_fill(~mask.unsqueeze(-1), 0)
        wave = x.squeeze(-1).to(torch.promote_types(x.dtype, torch.float32))  # no transform in bfloat16
        hann = torch.hann_window(self.window, dtype=wave.dtype, device=wave.device)
        waves = torch.stft(wave, self.window, self.hop, window=hann, center=False, return_complex=True)
        power = waves.real.square() + waves.imag.square()  # (batch, window // 2 + 1, time_out)
        y = (power.transpose(1, 2) @ self._filters(wave) + FLOOR).log().to(x.dtype)
        return y if mask is None else y.masked_fill(~self.next_mask(mask).unsqueeze(-1), 0)

    def next_mask(self, mask: Bool[Tensor, "batch time"]) -> Bool[Tensor, "batch time_out"]:
        """A frame is real when all its samples are."""
        return mask.unfold(1, self.window, self.hop).all(dim=-1)

    def _corners(self) -> list[float]:
        """Frequencies, in hertz, of the bands + 2 corners of the filters."""
        top = 2595 * math.log10(1 + self.rate / 2 / 700)
        return [700 * (10 ** (top * m / (self.bands + 1) / 2595) - 1) for m in range(self.bands + 2)]

    def _check_bands(self) -> None:
        """Reject a triangle that falls between two frequencies of the transform: it would always be zero."""
        corners, spacing = self._corners(), self.rate / self.window
        for low, high in zip(corners, corners[2:], strict=False):
            if (math.floor(low / spacing) + 1) * spacing >= high:
                raise ValueError(
                    f"spectrogram: bands: expected fewer, or a longer window than {self.window}, so that every band "
                    f"holds a frequency, got {self.bands}"
                )

    def _filters(self, like: Tensor) -> Tensor:
        """(window // 2 + 1, bands)."""
        corners = torch.tensor(self._corners(), dtype=like.dtype, device=like.device)
        low, peak, high = corners[:-2], corners[1:-1], corners[2:]
        bins = torch.arange(self.window // 2 + 1, dtype=like.dtype, device=like.device).unsqueeze(1)
        frequency = bins * (self.rate / self.window)
        return torch.minimum((frequency - low) / (peak - low), (high - frequency) / (high - peak)).clamp(min=0)
