"""Convolution over shifts and turns: of features that have a value for each of four turns.

    y[4 c + r] = bias[c] + Σᵢ Σₛ x[4 i + s] ∗ Rʳ w[c, i, (s − r) mod 4]          r, s = 0 … 3;  ∗ as in conv2d, "same"

Turned input, turned output, as in `rotation_lifting2d`, which makes such features of an image. Activations keep this;
so does pooling whose windows fit the image, and `rotation_norm2d`; batch_norm2d does not, as it learns a gain for each
channel.
Source: T. Cohen, M. Welling, Group equivariant convolutional networks, 2016, https://arxiv.org/abs/1602.07576, p4.
Differs from torch, which has none.
Cost: channels·(channels_in·kernel² + 1) parameters, a quarter of those of a convolution of as many channels; its FLOPs.
When: Behind `rotation_lifting2d`, where an image may lie any way round: cells, satellites, tiles.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from weftnet.blocks._settings import positive
from weftnet.blocks.convolution._rotations import TURNS, fibres, odd, over_turns


class RotationConv2d(nn.Module):
    """Filters of four turns, in four turns.

    Args:
        channels_in: channels of the input, four for each feature.
        channels: filters; the output has four times as many channels.
        kernel: pixels a filter reads along either axis, an odd number.
    """

    def __init__(self, channels_in: int, channels: int, kernel: int = 3) -> None:
        super().__init__()
        positive("rotation_conv2d", channels=channels)
        odd("rotation_conv2d", kernel)
        features = fibres("rotation_conv2d", channels_in)
        bound = 1 / math.sqrt(channels_in * kernel**2)
        self.weight = nn.Parameter(torch.empty(channels, features, TURNS, kernel, kernel).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(channels).uniform_(-bound, bound))

    def forward(
        self, x: Float[Tensor, "batch channels_in height width"]
    ) -> Float[Tensor, "batch channels_out height width"]:
        """Convolve over height, width and turns."""
        bias = self.bias.repeat_interleave(TURNS)
        return F.conv2d(x, over_turns(self.weight), bias, padding=self.weight.shape[-1] // 2)
