"""Maximum pooling of an image: the largest value of each window.

    y[c, h, w] = maxₖ maxₗ x[c, h·stride + k − padding, w·stride + l − padding]
    height_out = ⌊(height + 2·padding − size) / stride⌋ + 1,  likewise for width; outside the image x is −∞

Rows and columns beyond the last whole window are dropped.
Source: M. Ranzato et al., Unsupervised learning of invariant feature hierarchies, 2007,
https://doi.org/10.1109/CVPR.2007.383157.
Differs from torch: it is `nn.MaxPool2d`.
Cost: no parameters; size² comparisons an output value.
When: To halve an image between convolutions; what was found counts more than where exactly. A strided `conv2d` learns
to do it.
"""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from weftnet.blocks._settings import pair
from weftnet.blocks.pooling._window import fits, half


class MaxPool2d(nn.Module):
    """The largest value of each window of an image.

    Args:
        size: pixels of a window along an axis, or [height, width].
        stride: pixels from one window to the next, or [height, width]; the size by default.
        padding: pixels around the image, which are never the largest.
    """

    def __init__(self, size: int | list[int] = 2, stride: int | list[int] | None = None, padding: int = 0) -> None:
        super().__init__()
        self.size = pair("max_pool2d", "size", size)
        self.stride = self.size if stride is None else pair("max_pool2d", "stride", stride)
        half("max_pool2d", padding, self.size)
        self.padding = padding

    def forward(
        self, x: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch channels height_out width_out"]:
        """Pool over windows of height and width."""
        for axis, name in enumerate(("height", "width")):
            fits("max_pool2d", name, x.shape[axis + 2], self.size[axis], self.padding)
        return F.max_pool2d(x, self.size, self.stride, self.padding)
