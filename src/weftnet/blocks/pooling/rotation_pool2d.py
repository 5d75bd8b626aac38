"""Pooling over turns: of a feature's four values at a pixel, the largest or their mean.

    max    y[c] = maxᵣ x[4 c + r]                    mean    y[c] = ¼ Σᵣ x[4 c + r]

Behind `rotation_conv2d`. Where the image is turned, so is y; behind a global pool nothing tells the turns apart.
Source: T. Cohen, M. Welling, Group equivariant convolutional networks, 2016, https://arxiv.org/abs/1602.07576, section
6.3.
Differs from torch, which has none.
Cost: no parameters; one comparison or addition per value.
When: Behind the last `rotation_conv2d`: from there on a turned image gives the same features.
"""

from typing import Literal

from jaxtyping import Float
from torch import Tensor, nn

from weftnet.blocks.convolution._rotations import TURNS, fibres


class RotationPool2d(nn.Module):
    """One value of four turns.

    Args:
        channels_in: channels of the input, four for each feature.
        how: the largest, or the mean.
    """

    def __init__(self, channels_in: int, how: Literal["max", "mean"] = "max") -> None:
        super().__init__()
        self.features, self.how = fibres("rotation_pool2d", channels_in), how

    def forward(
        self, x: Float[Tensor, "batch channels_in height width"]
    ) -> Float[Tensor, "batch channels height width"]:
        """Pool over the turns."""
        turns = x.reshape(x.shape[0], self.features, TURNS, *x.shape[2:])
        return turns.amax(2) if self.how == "max" else turns.mean(2)
