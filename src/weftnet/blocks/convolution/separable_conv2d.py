"""Separable convolution: each channel is filtered on its own, then the channels of every pixel are mixed.

    z[i, h, w] = Σₖ Σₗ depthwise[i, k, l] · x[i, h·stride + k − top, w·stride + l − left]
    y[o, h, w] = bias[o] + Σᵢ pointwise[o, i] · z[i, h, w]

Some kernel² times cheaper than a convolution of the same size. Edges as in `conv2d`.
Source: F. Chollet, Xception: deep learning with depthwise separable convolutions, 2016,
https://arxiv.org/abs/1610.02357.
Differs from torch, which has none: two `nn.Conv2d`. There is nothing between them, so one bias, at the end, is all that
two could do (MobileNet puts a normalisation and relu between: there, write two `conv2d`).
Cost: channels_in·kernel² + channels·channels_in + channels parameters; twice the weights in FLOPs an output pixel.
When: Instead of `conv2d` where parameters and products are scarce, in wide layers: some nine times fewer with a kernel
of 3.
"""

from collections.abc import Mapping
from typing import ClassVar, Literal

import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from weftnet.blocks._settings import pair, positive
from weftnet.blocks.convolution._window import fits, margins, split


class SeparableConv2d(nn.Module):
    """A filter per channel, then a mix of the channels.

    Args:
        channels_in: channels of the input.
        channels: channels of the output.
        kernel: pixels a filter reads along an axis, or [height, width].
        stride: pixels from one output to the next, or [height, width].
        padding: "same", "valid", or zeros at every edge.
        bias: whether to add a learned constant.
    """

    resizable: ClassVar[Mapping[str, str]] = {
        "pointwise.out": "channels", "pointwise.in": "channels_in", "depthwise.out": "channels_in",
    }  # fmt: skip

    def __init__(
        self,
        channels_in: int,
        channels: int,
        kernel: int | list[int] = 3,
        stride: int | list[int] = 1,
        padding: Literal["same", "valid"] | int = "same",
        bias: bool = True,
    ) -> None:
        super().__init__()
        here = "separable_conv2d"
        positive(here, channels_in=channels_in, channels=channels)
        self.kernel, strides = pair(here, "kernel", kernel), pair(here, "stride", stride)
        high, wide = zip(self.kernel, strides, strict=True)
        self.zeros = (margins(here, padding, *high, dilation=1), margins(here, padding, *wide, dilation=1))
        (top, rest_high), (left, rest_wide) = split(self.zeros[0]), split(self.zeros[1])
        self.rest = [*rest_wide, *rest_high]
        self.depthwise = nn.Conv2d(
            channels_in, channels_in, self.kernel, strides, (top, left), groups=channels_in, bias=False
        )
        self.pointwise = nn.Conv2d(channels_in, channels, 1, bias=bias)

    def forward(
        self, x: Float[Tensor, "batch channels_in height width"]
    ) -> Float[Tensor, "batch channels height_out width_out"]:
        """Filter each channel, then mix them."""
        for axis, name in enumerate(("height", "width")):
            fits("separable_conv2d", name, x.shape[axis + 2], self.kernel[axis], 1, self.zeros[axis])
        y: Tensor = self.pointwise(self.depthwise(F.pad(x, self.rest) if any(self.rest) else x))
        return y
