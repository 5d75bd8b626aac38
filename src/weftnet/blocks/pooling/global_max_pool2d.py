"""Global maximum pooling of an image: the largest value of every channel.

    y[c] = maxₕ max_w x[c, h, w]

Source: M. Oquab et al., Is object localization for free?, 2015, https://doi.org/10.1109/CVPR.2015.7298668.
Differs from torch: it is `nn.AdaptiveMaxPool2d(1)` with the two axes of one dropped; equal largest values share the
gradient, where torch's pooling gives it to one of them.
Cost: no parameters; one comparison per value.
When: Where one spot decides, however small, such as a defect on a surface.
"""

from jaxtyping import Float
from torch import Tensor, nn


class GlobalMaxPool2d(nn.Module):
    """The largest value of every channel."""

    def forward(self, x: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch dim"]:
        """Take the maximum over height and width."""
        return x.amax((2, 3))
