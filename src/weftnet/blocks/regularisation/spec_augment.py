"""SpecAugment: while training, bands of pitch and stretches of time of a spectrogram are hidden.

    training:    y[t, f] = 0 where start ≤ f < start + width of a band, or t lies so in a stretch, else x[t, f]
                 width ~ Uniform{0 … ⌊share · length⌋},  start ~ Uniform{0 … length − width},  drawn for each example
    evaluation:  y = x

Source: D. S. Park and others, SpecAugment: a simple data augmentation method for automatic speech recognition, 2019,
https://arxiv.org/abs/1904.08779
Differs from the paper: the widest mask is a share of the spectrogram, and nothing is warped. It hides by zeros, the
mean where a normalisation comes before.
Cost: no parameters; some random numbers and two comparisons a value while training, nothing in evaluation.
When: Behind a `spectrogram`, where there are few recordings; it costs nothing in the answer.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn


class SpecAugment(nn.Module):
    """Hide parts of a sequence while training.

    Args:
        bands: how many bands of features are hidden.
        stretches: how many stretches of time are hidden.
        share: the widest mask, as a share of the axis, 0 < share < 1.
    """

    def __init__(self, bands: int = 2, stretches: int = 2, share: float = 0.2) -> None:
        super().__init__()
        if bands < 0 or stretches < 0:
            raise ValueError(f"spec_augment: expected numbers of masks, from 0 on, got {bands} and {stretches}")
        if not 0 < share < 1:
            raise ValueError(f"spec_augment: share: expected a number between 0 and 1, got {share}")
        self.bands, self.stretches, self.share = bands, stretches, share

    def forward(
        self, x: Float[Tensor, "batch time dim"], mask: Bool[Tensor, "batch time"] | None = None
    ) -> Float[Tensor, "batch time dim"]:
        """Hide values, or in evaluation pass them on; padding gives zeros."""
        if mask is not None:
            x = x.masked_fill(~mask.unsqueeze(-1), 0)
        if not self.training:
            return x
        stretches = self._drawn(x, x.shape[1], self.stretches)
        hidden = stretches.unsqueeze(2) | self._drawn(x, x.shape[2], self.bands).unsqueeze(1)
        return x.masked_fill(hidden, 0)

    def _drawn(self, x: Tensor, length: int, count: int) -> Tensor:
        """(batch, length) what the masks of an axis hide."""
        draw = torch.rand(2, x.shape[0], count, 1, device=x.device)
        width = (draw[0] * (int(self.share * length) + 1)).floor()
        start = (draw[1] * (length - width + 1)).floor()
        place = torch.arange(length, device=x.device)
        return ((place >= start) & (place < start + width)).any(1)
