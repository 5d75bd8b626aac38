"""DropBlock: while training, squares of an image's features are zeroed, and the rest is scaled up to keep the mean.

    training:    y = x · keep · values / Σ keep,   keep[i, j] = 0 in every size × size square of which a middle is drawn
                 middles ~ Bernoulli(γ) where a whole square fits,  drawn for each example and channel
                 γ = rate / size² · height · width / ((height − size + 1) (width − size + 1))
    evaluation:  y = x

A single dropped pixel tells a convolution nothing: its neighbours say the same. `rate` is about the share that is
dropped; squares overlap, so that it is somewhat less. A size beyond the image is cut to it.
Source: G. Ghiasi, T. Lin, Q. Le, DropBlock: a regularization method for convolutional networks, 2018,
https://arxiv.org/abs/1810.12890.
Differs: the mean is kept over each example and channel where something is left, not over the whole batch, so that
examples do not mix.
Cost: no parameters; one random number and size² comparisons a value while training, nothing in evaluation.
When: In convolutional networks that overfit: `dropout` takes single pixels, which their neighbours tell anyway.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from weftnet.blocks._settings import positive


class DropBlock(nn.Module):
    """Zero squares while training.

    Args:
        rate: about the share that is dropped, 0 ≤ rate < 1.
        size: of a square's side, in pixels.
    """

    def __init__(self, rate: float = 0.1, size: int = 7) -> None:
        super().__init__()
        if not 0 <= rate < 1:
            raise ValueError(f"drop_block: rate: expected a number from 0 to below 1, got {rate}")
        positive("drop_block", size=size)
        self.rate, self.size = rate, size

    def forward(self, x: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch channels height width"]:
        """Drop squares, or in evaluation pass them on."""
        if not self.training or self.rate == 0:
            return x
        height, width = x.shape[-2:]
        size = min(self.size, height, width)
        high, wide = height - size + 1, width - size + 1
        share = self.rate / size**2 * height * width / (high * wide)
        drawn = (torch.rand(*x.shape[:2], high, wide, device=x.device) < share).to(x.dtype)
        # a corner that was drawn reaches every pixel of its square
        keep = 1 - F.max_pool2d(F.pad(drawn, [size - 1] * 4), size, stride=1)
        left = keep.mean((2, 3), keepdim=True)
        return x * keep / torch.where(left > 0, left, 1)
