"""Time shift: each recording begins earlier or later; silence comes in where it leaves.

    y[t] = x[t − s],  0 where that is no real step,   s ~ uniform{−m … m},  m = ⌊share · steps⌋,  steps the real ones

What leaves is lost, so that it is not for transcripts. Source: as J. Salamon, J. Bello, Deep convolutional neural
networks and data augmentation for environmental sound classification, 2016, https://arxiv.org/abs/1608.04363.
"""

import torch
from torch import Tensor

from weftnet.data.augment._draw import below
from weftnet.data.augment._draw import share as is_share
from weftnet.data.augment._waves import real_of


class TimeShift:
    """Random shift in time.

    Args:
        share: the largest shift, as a share of the recording.
    """

    reads = "wave"
    #: parts of a sequence are lost
    cuts = True

    def __init__(self, share: float = 0.1) -> None:
        is_share("time_shift", share=share)
        self.share = share

    def sequences(
        self, values: Tensor, mask: Tensor | None, generator: torch.Generator
    ) -> tuple[Tensor, Tensor | None]:
        """Shift waves (batch, time, 1)."""
        real = real_of(values, mask)
        steps = real.sum(1)
        most = (self.share * steps).long()
        shift = below(values, 2 * most + 1, generator) - most
        source = torch.arange(values.shape[1], device=values.device) - shift[:, None]
        known = (source >= 0) & (source < steps[:, None]) & real
        places = source.clamp(0, values.shape[1] - 1)[..., None].expand_as(values)
        return torch.where(known[..., None], values.gather(1, places), 0), mask
