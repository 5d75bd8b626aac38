"""Transposed convolution of a sequence: every step adds a kernel to the output, `stride` apart; overlaps are summed.

    y[t, o] = bias[o] + Σ weight[i, o, k] · x[s, i]  over all s, k with s·stride + k − padding = t
    time_out = (time − 1)·stride − 2·padding + kernel + output_padding

It is the gradient of `conv1d` with the same settings, not its inverse. With kernel = stride nothing overlaps.
With a mask, padding contributes nothing and gives zeros, and the real outputs are those of the sequence alone.
Source: M. Zeiler et al., Deconvolutional networks, 2010, https://doi.org/10.1109/CVPR.2010.5539957;
V. Dumoulin, F. Visin, A guide to convolution arithmetic for deep learning, 2016, https://arxiv.org/abs/1603.07285.
Differs from torch: it is `nn.ConvTranspose1d`, features last, with masks; kernel and stride are 2 by default.
Cost: dim_in·dim·kernel + dim parameters; 2·dim_in·dim·kernel FLOPs an input step.
When: To make a series or wave longer: in decoders and autoencoders, as the counterpart of a strided `conv1d`.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from weftnet.blocks._settings import positive
from weftnet.blocks.convolution._transposed import gives, settings


class TransposedConv1d(nn.Module):
    """Lengthens a sequence by a learned kernel.

    Args:
        dim_in: features of an input step.
        dim: features of an output step.
        kernel: output steps an input step reaches.
        stride: output steps from one input to the next.
        padding: output steps cut off at either end.
        output_padding: output steps added at the end, fewer than the stride.
        bias: whether to add a learned constant.
    """

    def __init__(
        self,
        dim_in: int,
        dim: int,
        kernel: int = 2,
        stride: int = 2,
        padding: int = 0,
        output_padding: int = 0,
        bias: bool = True,
    ) -> None:
        super().__init__()
        positive("transposed_conv1d", dim_in=dim_in, dim=dim)
        self.sizes = (kernel, stride, padding, output_padding)
        settings("transposed_conv1d", *self.sizes)
        self.conv = nn.ConvTranspose1d(dim_in, dim, *self.sizes, bias=bias)

    def forward(
        self, x: Float[Tensor, "batch time dim_in"], mask: Bool[Tensor, "batch time"] | None = None
    ) -> Float[Tensor, "batch time_out dim"]:
        """Lengthen the sequence; steps where the mask is False contribute nothing and give zero."""
        gives("transposed_conv1d", "time", x.shape[1], *self.sizes)
        if mask is not None:
            x = x.masked_fill(~mask.unsqueeze(-1), 0)
        y: Tensor = self.conv(x.transpose(1, 2)).transpose(1, 2)
        return y if mask is None else y.masked_fill(~self.next_mask(mask).unsqueeze(-1), 0)

    def next_mask(self, mask: Tensor) -> Tensor:
        """(batch, time_out): output t is real if the sequence alone is long enough to give it.

        (n − 1)·stride + most > t for a length n, so the last input needed is n − 1 = ⌈(t + 1 − most) / stride⌉.
        """
        kernel, stride, padding, output_padding = self.sizes
        most = kernel + output_padding - 2 * padding  # outputs of a single step
        t = torch.arange((mask.shape[1] - 1) * stride + most, device=mask.device)
        needed = (t + stride - most).div(stride, rounding_mode="floor").clamp(min=0)
        return mask[:, needed]
