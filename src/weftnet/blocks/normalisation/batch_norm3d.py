"""Batch normalisation of videos: every channel over all real frames and pixels of the batch.

    training:    mean, var over batch · time · height · width;  running += momentum · (batch's − running)
    evaluation:  mean, var = running_mean, running_var
    y = (x − mean) / √(var + eps) · weight + bias,  zero at padding

Source: S. Ioffe, C. Szegedy, Batch normalization, 2015, https://arxiv.org/abs/1502.03167.
Differs from torch: it is `nn.BatchNorm3d`, channels behind time. With a mask, frames at padding are excluded from the
statistics; torch would include them. y uses the biased variance, running_var keeps the unbiased one, as there.
Cost: 2·channels parameters, 2·channels + 1 buffers; some 8 operations per value while training, 2 in evaluation.
When: Behind every `conv3d`, with `bias: false` there.
"""

from collections.abc import Mapping
from typing import ClassVar

from jaxtyping import Bool, Float
from torch import Tensor, nn

from weftnet.blocks.normalisation._batch import check


class BatchNorm3d(nn.Module):
    """Mean 0 and variance 1 of every channel over the batch, then a learned gain and shift.

    Args:
        channels: channels of the video.
        momentum: the share of a new batch in the running statistics, 0 … 1.
        eps: added to the variance.
    """

    resizable: ClassVar[Mapping[str, str]] = {"norm.out": "channels"}

    def __init__(self, channels: int, momentum: float = 0.1, eps: float = 1e-5) -> None:
        super().__init__()
        check("batch_norm3d", momentum, eps, channels=channels)
        self.norm = nn.BatchNorm3d(channels, eps, momentum)

    def forward(
        self,
        x: Float[Tensor, "batch time channels height width"],
        mask: Bool[Tensor, "batch time"] | None = None,
    ) -> Float[Tensor, "batch time channels height width"]:
        """Normalise every channel; frames where the mask is False are ignored and give zero."""
        if mask is None:
            y: Tensor = self.norm(x.transpose(1, 2)).transpose(1, 2)
            return y
        real = mask[:, :, None, None, None]
        if not self.training or x.is_meta:
            y = self.norm(x.masked_fill(~real, 0).transpose(1, 2)).transpose(1, 2)
            return y.masked_fill(~real, 0)
        kept: Tensor = self.norm(x[mask].transpose(0, 1)[None])  # the real frames, as the frames of one video
        return x.new_zeros(x.shape).index_put((mask,), kept[0].transpose(0, 1))
