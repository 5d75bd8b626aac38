"""Batch normalisation of images: every channel over all images and pixels of the batch.

    training:    mean, var over batch · height · width;  running += momentum · (batch's − running)
    evaluation:  mean, var = running_mean, running_var
    y = (x − mean) / √(var + eps) · weight + bias

Source: S. Ioffe, C. Szegedy, Batch normalization, 2015, https://arxiv.org/abs/1502.03167.
Differs from torch: it is `nn.BatchNorm2d`. y uses the biased variance, running_var keeps the unbiased one, as there.
Without `gain` the weight is one: a convolution behind the norm can scale as well.
Cost: 2·channels parameters, 2·channels + 1 buffers; some 8 operations per value while training, 2 in evaluation.
When: Behind every convolution of an image network, with batches of 16 and more: it costs nothing in the answer, where
it is folded.
"""

from collections.abc import Mapping
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor, nn

from weftnet.blocks.normalisation._batch import check


class BatchNorm2d(nn.Module):
    """Mean 0 and variance 1 of every channel over the batch, then a learned gain and shift.

    Args:
        channels: channels of the image.
        momentum: the share of a new batch in the running statistics, 0 … 1.
        eps: added to the variance.
        gain: whether the weight is learned, or is one.
    """

    resizable: ClassVar[Mapping[str, str]] = {"norm.out": "channels"}

    def __init__(self, channels: int, momentum: float = 0.1, eps: float = 1e-5, gain: bool = True) -> None:
        super().__init__()
        check("batch_norm2d", momentum, eps, channels=channels)
        self.norm = nn.BatchNorm2d(channels, eps, momentum)
        if not gain:
            del self.norm.weight
            self.norm.register_buffer("weight", torch.ones(channels), persistent=False)

    def forward(self, x: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch channels height width"]:
        """Normalise every channel."""
        y: Tensor = self.norm(x)
        return y
