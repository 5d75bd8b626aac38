"""A sequence with zeros at its end, up to a whole multiple of steps, so that it can be halved and doubled again.

    y[t] = x[t] for t < time, else 0;   time_out = ⌈time / multiple⌉ · multiple

Source: A. Défossez, G. Synnaeve, Y. Adi, Real time speech enhancement in the waveform domain, 2020, section 2.2, whose
U-Net reads waves so, https://arxiv.org/abs/2006.12847
With a mask, the real steps are as many as the sequence alone would give.
Cost: none.
When: In front of a network that halves and doubles time, such as a U-Net on waves, where lengths vary.
"""

from typing import Any

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional as F

from weftnet.blocks._settings import positive


class PadTime(nn.Module):
    """Zeros at the end.

    Args:
        multiple: that the steps become one of.
    """

    def __init__(self, multiple: int) -> None:
        super().__init__()
        positive("pad_time", multiple=multiple)
        self.multiple = multiple

    def forward(
        self, x: Float[Tensor, "batch time dim"], mask: Bool[Tensor, "batch time"] | None = None
    ) -> Float[Tensor, "batch time_out dim"]:
        """Append what is missing."""
        if mask is not None:
            x = x.masked_fill(~mask.unsqueeze(-1), 0)
        return F.pad(x, (0, 0, 0, self._missing(x.shape[1])))

    def next_mask(self, mask: Bool[Tensor, "batch time"]) -> Bool[Tensor, "batch time_out"]:
        """As many steps as the sequence alone would have."""
        steps = torch.arange(mask.shape[1] + self._missing(mask.shape[1]), device=mask.device)
        count = mask.sum(1, keepdim=True)
        real: Tensor = steps < count + self._missing(count)
        return real

    def _missing(self, steps: Any) -> Any:
        """Of a number of steps, or of several; of numbers above 0 alone, which all formats of export divide alike."""
        return (self.multiple - steps % self.multiple) % self.multiple
