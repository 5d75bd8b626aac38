"""Lifting: a convolution of an image by filters in four turns, the first layer of a network that knows rotations.

    y[4 c + r] = bias[c] + x ∗ Rʳ w[c]          R: a turn by 90°, anticlockwise;  r = 0 … 3;  ∗ as in conv2d, "same"

Where the image is turned by 90°, y is turned and its four turns move on by one:  y(R x)[4 c + r] = R y(x)[4 c + r − 1].
Behind it come `rotation_conv2d`, activations and pooling, then `rotation_pool2d` and a global pool: the answer is then
the same for an image and its turns, exactly, without augmentation.
Source: T. Cohen, M. Welling, Group equivariant convolutional networks, 2016, https://arxiv.org/abs/1602.07576, p4.
Differs from torch, which has none.
Cost: channels·(channels_in·kernel² + 1) parameters; of a convolution to 4·channels.
When: As the first layer where a turned image means the same. It replaces augmentation by quarter turns; for photos,
which have an up, use `conv2d`.
"""

import math

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from weftnet.blocks._settings import positive
from weftnet.blocks.convolution._rotations import TURNS, lifted, odd


class RotationLifting2d(nn.Module):
    """Filters in four turns.

    Args:
        channels_in: channels of the image.
        channels: filters; the output has four times as many channels.
        kernel: pixels a filter reads along either axis, an odd number.
    """

    def __init__(self, channels_in: int, channels: int, kernel: int = 3) -> None:
        super().__init__()
        positive("rotation_lifting2d", channels_in=channels_in, channels=channels)
        odd("rotation_lifting2d", kernel)
        bound = 1 / math.sqrt(channels_in * kernel**2)  # as torch's convolutions start
        self.weight = nn.Parameter(torch.empty(channels, channels_in, kernel, kernel).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(channels).uniform_(-bound, bound))

    def forward(
        self, x: Float[Tensor, "batch channels_in height width"]
    ) -> Float[Tensor, "batch channels_out height width"]:
        """Convolve by every filter in four turns."""
        bias = self.bias.repeat_interleave(TURNS)
        return F.conv2d(x, lifted(self.weight), bias, padding=self.weight.shape[-1] // 2)
