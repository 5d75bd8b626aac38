"""Transposed convolution of an image: every pixel adds a kernel to the output, `stride` apart; overlaps are summed.

    y[o, h, w] = bias[o] + Σ weight[i, o, k, l] · x[i, r, c]
                 over all r, k with r·stride + k − padding = h and all c, l with c·stride + l − padding = w
    height_out = (height − 1)·stride − 2·padding + kernel + output_padding,  likewise for width

It is the gradient of `conv2d` with the same settings, not its inverse. A kernel that the stride does not divide covers
some pixels more often than others, a checkerboard pattern; with kernel = stride nothing overlaps.
Source: M. Zeiler et al., Deconvolutional networks, 2010, https://doi.org/10.1109/CVPR.2010.5539957;
V. Dumoulin, F. Visin, A guide to convolution arithmetic for deep learning, 2016, https://arxiv.org/abs/1603.07285.
Differs from torch: it is `nn.ConvTranspose2d`; kernel and stride are 2 by default.
Cost: channels_in·channels·kernel² + channels parameters; twice the weights in FLOPs an input pixel.
When: To make an image larger: in generators and decoders. A kernel that the stride divides leaves no chequerboard; else
`upsample2d` and `conv2d`.
"""

from jaxtyping import Float
from torch import Tensor, nn

from weftnet.blocks._settings import pair, positive
from weftnet.blocks.convolution._transposed import gives, settings


class TransposedConv2d(nn.Module):
    """Enlarges an image by a learned kernel.

    Args:
        channels_in: channels of the input.
        channels: channels of the output.
        kernel: output pixels an input pixel reaches along an axis, or [height, width].
        stride: output pixels from one input to the next, or [height, width].
        padding: output pixels cut off at every edge.
        output_padding: output pixels added at the bottom and the right, fewer than the stride.
        bias: whether to add a learned constant.
    """

    def __init__(
        self,
        channels_in: int,
        channels: int,
        kernel: int | list[int] = 2,
        stride: int | list[int] = 2,
        padding: int = 0,
        output_padding: int = 0,
        bias: bool = True,
    ) -> None:
        super().__init__()
        here = "transposed_conv2d"
        positive(here, channels_in=channels_in, channels=channels)
        kernels, strides = pair(here, "kernel", kernel), pair(here, "stride", stride)
        self.sizes = [(k, s, padding, output_padding) for k, s in zip(kernels, strides, strict=True)]
        for sizes in self.sizes:
            settings(here, *sizes)
        self.conv = nn.ConvTranspose2d(channels_in, channels, kernels, strides, padding, output_padding, bias=bias)

    def forward(
        self, x: Float[Tensor, "batch channels_in height width"]
    ) -> Float[Tensor, "batch channels height_out width_out"]:
        """Enlarge the image."""
        for axis, name in enumerate(("height", "width")):
            gives("transposed_conv2d", name, x.shape[axis + 2], *self.sizes[axis])
        y: Tensor = self.conv(x)
        return y
