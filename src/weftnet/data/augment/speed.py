"""Speed: each recording played faster or slower; its pitch changes too.

    y[t] = x(f · t), interpolated linearly between steps;   f ~ uniform in 1 ± change
    real steps: ⌊(steps − 1) / f⌋ + 1, at most as many as there is room for

A slower recording loses what goes beyond its room; behind a faster one is padding. Source: T. Ko, V. Peddinti, D.
Povey, S. Khudanpur, Audio augmentation for speech recognition, 2015, https://doi.org/10.21437/Interspeech.2015-711.
Differs: any factor, drawn anew in each epoch, where the paper has 0.9, 1 and 1.1; linear interpolation.
"""

import torch
from torch import Tensor

from weftnet.data.augment._draw import uniform
from weftnet.data.augment._waves import real_of


class Speed:
    """Random speed.

    Args:
        change: the largest change of the speed, as a share of it; below 1.
    """

    reads = "wave"

    def __init__(self, change: float = 0.1) -> None:
        if not 0 < change < 1:
            raise ValueError(f"speed: change: expected a number above 0 and below 1, got {change!r}")
        self.change = change

    def sequences(
        self, values: Tensor, mask: Tensor | None, generator: torch.Generator
    ) -> tuple[Tensor, Tensor | None]:
        """Change the speed of waves (batch, time, 1), and which of their steps are real."""
        real, room = real_of(values, mask), values.shape[1]
        factor = 1 + (2 * uniform(values, generator).double() - 1) * self.change
        last = real.sum(1) - 1
        place = factor[:, None] * torch.arange(room, device=values.device)
        inside = (place <= last[:, None]) & (last >= 0)[:, None]
        before = place.floor().long().minimum(last[:, None]).clamp(min=0)
        after = (before + 1).minimum(last[:, None]).clamp(min=0)
        share = (place - before).clamp(0, 1).to(values.dtype)[..., None]
        x = torch.where(real[..., None], values, 0)
        low, high = (x.gather(1, each[..., None].expand_as(x)) for each in (before, after))
        return torch.where(inside[..., None], low + share * (high - low), 0), None if mask is None else inside
