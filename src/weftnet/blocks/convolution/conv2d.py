"""Convolution of an image: one filter bank slides over height and width.

    y[o, h, w] = bias[o] + Σₖ Σₗ Σᵢ weight[o, i, k, l] · x[i, h·stride + k·dilation − top, w·stride + l·dilation − left]
    height_out = ⌊(height + top + bottom − dilation·(kernel − 1) − 1) / stride⌋ + 1; likewise for width; x is 0 outside

    padding    zeros before and after an axis, reach = dilation·(kernel − 1)
    same       ⌊reach/2⌋, ⌈reach/2⌉              size_out = ⌈size/stride⌉
    valid      0, 0
    p          p, p
    tensorflow ⌊n/2⌋, ⌈n/2⌉              size_out = ⌈size/stride⌉, n = max(0, (size_out − 1)·stride + reach + 1 − size)

(As everywhere in deep learning this is a correlation: the kernel is not flipped.)
Source: Y. LeCun et al., Gradient-based learning applied to document recognition, 1998, https://doi.org/10.1109/5.726791.
Differs from torch: it is `nn.Conv2d`; 'same' takes a stride, for odd kernels, and is then torch's padding=kernel//2.
TensorFlow's 'same' with a stride depends on the size: an even one is padded at the end alone. Weights that were trained
there need 'tensorflow'; without a stride both are one.
Cost: channels·channels_in/groups·kernel² + channels parameters; twice the weights in FLOPs an output pixel.
When: The first choice for images, and for spectrograms. Few examples suffice, since a filter is the same everywhere.
"""

from collections.abc import Mapping
from typing import ClassVar, Literal

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from weftnet.blocks._settings import pair, positive
from weftnet.blocks.convolution._window import divides, ending, fits, margins, split


class Conv2d(nn.Module):
    """A convolution over height and width.

    Args:
        channels_in: channels of the input.
        channels: filters, the channels of the output.
        kernel: pixels a filter reads along an axis, or [height, width].
        stride: pixels from one output to the next, or [height, width].
        padding: "same", "valid", zeros at every edge, or "tensorflow" for weights from there.
        dilation: pixels from one of a filter's values to the next, or [height, width].
        groups: splits channels and filters into groups that don't see each other.
        bias: whether to add a learned constant.
    """

    resizable: ClassVar[Mapping[str, str]] = {"conv.out": "channels", "conv.in": "channels_in"}

    def __init__(
        self,
        channels_in: int,
        channels: int,
        kernel: int | list[int] = 3,
        stride: int | list[int] = 1,
        padding: Literal["same", "valid", "tensorflow"] | int = "same",
        dilation: int | list[int] = 1,
        groups: int = 1,
        bias: bool = True,
    ) -> None:
        super().__init__()
        positive("conv2d", channels_in=channels_in, channels=channels)
        divides("conv2d", groups, channels_in=channels_in, channels=channels)
        self.kernel, self.stride = pair("conv2d", "kernel", kernel), pair("conv2d", "stride", stride)
        self.dilation = pair("conv2d", "dilation", dilation)
        self.by_size = padding == "tensorflow"
        high, wide = zip(self.kernel, self.stride, self.dilation, strict=True)
        fixed = 0 if padding == "tensorflow" else padding
        names = ("same", "valid", "tensorflow")
        self.zeros = (margins("conv2d", fixed, *high, names=names), margins("conv2d", fixed, *wide, names=names))
        (top, rest_high), (left, rest_wide) = split(self.zeros[0]), split(self.zeros[1])
        self.rest = [*rest_wide, *rest_high]
        self.conv = nn.Conv2d(channels_in, channels, self.kernel, self.stride, (top, left), self.dilation, groups, bias)

    def forward(
        self, x: Float[Tensor, "batch channels_in height width"]
    ) -> Float[Tensor, "batch channels height_out width_out"]:
        """Convolve over height and width."""
        rest = self.rest
        if self.by_size:
            each = zip(x.shape[2:], self.kernel, self.stride, self.dilation, strict=True)
            high, wide = (ending(*axis) for axis in each)
            rest = [*wide, *high]
        for axis, name in enumerate(() if self.by_size else ("height", "width")):
            fits("conv2d", name, x.shape[axis + 2], self.kernel[axis], self.dilation[axis], self.zeros[axis])
        y: Tensor = self.conv(F.pad(x, rest) if any(rest) else x)
        return y
