"""Average pooling of an image: the mean value of each window.

    y[c, h, w] = Σₖ Σₗ x[c, h·stride + k − padding, w·stride + l − padding] / size²
    height_out = ⌊(height + 2·padding − size) / stride⌋ + 1,  likewise for width; outside the image x is 0

Rows and columns beyond the last whole window are dropped.
Source: Y. LeCun et al., Gradient-based learning applied to document recognition, 1998,
https://doi.org/10.1109/5.726791 (there with a learned gain).
Differs from torch: it is `nn.AvgPool2d`; the zeros around the image count in the mean, as there by default (TensorFlow
leaves them out).
Cost: no parameters; size² additions an output value.
When: To shrink an image smoothly; it compiles better than `max_pool2d` and keeps faint things.
"""

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from weftnet.blocks._settings import pair
from weftnet.blocks.pooling._window import fits, half


class AveragePool2d(nn.Module):
    """The mean of each window of an image.

    Args:
        size: pixels of a window along an axis, or [height, width].
        stride: pixels from one window to the next, or [height, width]; the size by default.
        padding: pixels around the image, which count as zeros.
    """

    def __init__(self, size: int | list[int] = 2, stride: int | list[int] | None = None, padding: int = 0) -> None:
        super().__init__()
        self.size = pair("average_pool2d", "size", size)
        self.stride = self.size if stride is None else pair("average_pool2d", "stride", stride)
        half("average_pool2d", padding, self.size)
        self.padding = padding

    def forward(
        self, x: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch channels height_out width_out"]:
        """Pool over windows of height and width."""
        for axis, name in enumerate(("height", "width")):
            fits("average_pool2d", name, x.shape[axis + 2], self.size[axis], self.padding)
        return F.avg_pool2d(x, self.size, self.stride, self.padding)
