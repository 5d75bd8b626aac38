"""Convolution of a video: one filter bank slides over time, height and width.

    y[t, o, h, w] = bias[o]
        + Σⱼ Σₖ Σₗ Σᵢ weight[o, i, j, k, l] · x[t·s₀ + j·d₀ − p₀, i, h·s₁ + k·d₁ − p₁, w·s₂ + l·d₂ − p₂]
    time_out = ⌊(time + before + after − d₀·(kernel₀ − 1) − 1) / s₀⌋ + 1; likewise height and width; x is 0 outside

    padding    zeros before p and after an axis, reach = d·(kernel − 1)
    same       ⌊reach/2⌋, ⌈reach/2⌉              size_out = ⌈size/stride⌉
    valid      0, 0

(As everywhere in deep learning this is a correlation: the kernel is not flipped.)
With a mask, frames at padding read as zeros and give zeros, and the real ones are those of the clip alone.
A kernel of [1, 3, 3] sees within a frame alone, one of [3, 1, 1] along time alone: in turn they are the (2+1)-D
convolution of D. Tran and others, 2018, https://arxiv.org/abs/1711.11248.
Source: D. Tran and others, Learning spatiotemporal features with 3D convolutional networks, 2015,
https://arxiv.org/abs/1412.0767.
Differs from torch: it is `nn.Conv3d`, channels behind time; 'same' takes a stride, for odd kernels; masks are added.
Cost: channels·channels_in/groups·kernel³ + channels parameters; twice the weights in FLOPs an output pixel.
When: Videos whose movements are short: what a few frames show together. Where the order over many frames counts, a
network of images for each and a recurrent block along them cost less.
"""

from collections.abc import Mapping
from typing import ClassVar, Literal

import torch.nn.functional as F
from jaxtyping import Bool, Float
from torch import Tensor, nn

from weftnet.blocks._settings import positive, triple
from weftnet.blocks.convolution._window import divides, fits, margins, next_mask, split

_AXES = ("time", "height", "width")


class Conv3d(nn.Module):
    """A convolution over time, height and width.

    Args:
        channels_in: channels of the input.
        channels: filters, the channels of the output.
        kernel: what a filter reads along an axis, or [time, height, width].
        stride: from one output to the next, or [time, height, width].
        padding: "same" or "valid".
        dilation: from one of a filter's values to the next, or [time, height, width].
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
        padding: Literal["same", "valid"] = "same",
        dilation: int | list[int] = 1,
        groups: int = 1,
        bias: bool = True,
    ) -> None:
        super().__init__()
        positive("conv3d", channels_in=channels_in, channels=channels)
        divides("conv3d", groups, channels_in=channels_in, channels=channels)
        self.kernel, self.stride = triple("conv3d", "kernel", kernel), triple("conv3d", "stride", stride)
        self.dilation = triple("conv3d", "dilation", dilation)
        axes = zip(self.kernel, self.stride, self.dilation, strict=True)
        self.zeros = [margins("conv3d", padding, *axis) for axis in axes]
        common, rest = zip(*map(split, self.zeros), strict=True)
        self.rest = [*rest[2], *rest[1], *rest[0]]
        self.conv = nn.Conv3d(
            channels_in, channels, self.kernel, self.stride, tuple(common), self.dilation, groups, bias
        )

    def forward(
        self,
        x: Float[Tensor, "batch time channels_in height width"],
        mask: Bool[Tensor, "batch time"] | None = None,
    ) -> Float[Tensor, "batch time_out channels height_out width_out"]:
        """Convolve over time, height and width; frames where the mask is False read and give zero."""
        for axis, (name, place) in enumerate(zip(_AXES, (1, 3, 4), strict=True)):
            fits("conv3d", name, x.shape[place], self.kernel[axis], self.dilation[axis], self.zeros[axis])
        if mask is not None:
            x = x.masked_fill(~mask[:, :, None, None, None], 0)
        x = x.transpose(1, 2)
        y: Tensor = self.conv(F.pad(x, self.rest) if any(self.rest) else x).transpose(1, 2)
        return y if mask is None else y.masked_fill(~self.next_mask(mask)[:, :, None, None, None], 0)

    def next_mask(self, mask: Tensor) -> Tensor:
        """(batch, time_out): the frames that the clip alone would give."""
        return next_mask(mask, self.dilation[0] * (self.kernel[0] - 1), self.stride[0], self.zeros[0])
