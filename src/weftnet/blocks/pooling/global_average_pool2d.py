"""Global average pooling of an image: the mean of every channel.

    y[c] = Σₕ Σ_w x[c, h, w] / (height · width)

Any size of image gives the same number of values, so that a network with it reads images of any size.
Source: M. Lin, Q. Chen, S. Yan, Network in network, 2013, https://arxiv.org/abs/1312.4400.
Differs from torch: it is `nn.AdaptiveAvgPool2d(1)` with the two axes of one dropped.
Cost: no parameters; one addition per value.
When: The first choice between an image network and its classifier: no parameters, and any size of image.
"""

from jaxtyping import Float
from torch import Tensor, nn


class GlobalAveragePool2d(nn.Module):
    """The mean of every channel."""

    def forward(self, x: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch dim"]:
        """Average over height and width."""
        return x.mean((2, 3))
