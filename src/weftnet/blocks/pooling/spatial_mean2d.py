"""The mean of every channel, at every pixel: what a pixel may know of the whole image.

    y[c, h, w] = Σ_k Σ_l x[c, k, l] / (height · width)

A branch of atrous spatial pyramid pooling, beside dilated convolutions.
Source: W. Liu, A. Rabinovich, A. Berg, ParseNet: looking wider to see better, 2015, https://arxiv.org/abs/1506.04579.
Differs from torch: it is `nn.AdaptiveAvgPool2d(1)` expanded to the image's size.
Cost: no parameters; one addition per value.
When: As a branch beside convolutions that see a part only, as DeepLab has it.
"""

from jaxtyping import Float
from torch import Tensor, nn


class SpatialMean2d(nn.Module):
    """The mean of every channel in place of each of its values."""

    def forward(self, x: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch channels height width"]:
        """Average over height and width."""
        return x.mean((2, 3), keepdim=True).expand_as(x).contiguous()
