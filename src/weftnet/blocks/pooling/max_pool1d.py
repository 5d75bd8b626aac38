"""Maximum pooling of a sequence: the largest value of each window of steps, feature by feature.

    y[t, i] = maxₖ x[t·stride + k, i]      k = 0 … size − 1
    time_out = ⌊(time − size) / stride⌋ + 1

Steps beyond the last whole window are dropped. With a mask, an output is real if its whole window is, so that a padded
sequence gives what it gives alone; the rest is zero.
Source: M. Ranzato et al., Unsupervised learning of invariant feature hierarchies, 2007,
https://doi.org/10.1109/CVPR.2007.383157.
Differs from torch: it is `nn.MaxPool1d`, features last, with masks.
Cost: no parameters; size comparisons an output value.
When: To shorten a series while its peaks stay.
"""

import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from weftnet.blocks._settings import positive
from weftnet.blocks.pooling._window import fits, next_mask


class MaxPool1d(nn.Module):
    """The largest value of each window of steps.

    Args:
        size: steps of a window.
        stride: steps from one window to the next; the size by default.
    """

    def __init__(self, size: int = 2, stride: int | None = None) -> None:
        super().__init__()
        self.size, self.stride = size, size if stride is None else stride
        positive("max_pool1d", size=self.size, stride=self.stride)

    def forward(
        self, x: Float[Tensor, "batch time dim"], mask: Bool[Tensor, "batch time"] | None = None
    ) -> Float[Tensor, "batch time_out dim"]:
        """Pool over windows of time; windows that the mask touches give zero."""
        fits("max_pool1d", "time", x.shape[1], self.size)
        if mask is not None:
            x = x.masked_fill(~mask.unsqueeze(-1), 0)
        y = F.max_pool1d(x.transpose(1, 2), self.size, self.stride).transpose(1, 2)
        return y if mask is None else y.masked_fill(~self.next_mask(mask).unsqueeze(-1), 0)

    def next_mask(self, mask: Tensor) -> Tensor:
        """(batch, time_out): the outputs that the sequence alone would give."""
        return next_mask(mask, self.size, self.stride)
