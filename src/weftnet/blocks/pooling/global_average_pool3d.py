"""Global average pooling of a video: the mean of every channel over all real frames and their pixels.

    y[c] = Σₜ mask[t] · Σₕ Σ_w x[t, c, h, w] / (Σₜ mask[t] · height · width)

A video without a real frame gives zero. Any number and size of frames gives the same number of values.
Source: M. Lin, Q. Chen, S. Yan, Network in network, 2013, https://arxiv.org/abs/1312.4400; over time too: D. Tran and
others, 2018, https://arxiv.org/abs/1711.11248.
Differs from torch: it is `nn.AdaptiveAvgPool3d(1)`, channels behind time, with masks.
Cost: no parameters; one addition per value.
When: At the end of convolutions over videos, before the last dense layer.
"""

from jaxtyping import Bool, Float
from torch import Tensor, nn


class GlobalAveragePool3d(nn.Module):
    """The mean of every channel."""

    def forward(
        self, x: Float[Tensor, "batch time channels height width"], mask: Bool[Tensor, "batch time"] | None = None
    ) -> Float[Tensor, "batch dim"]:
        """Average over time, height and width; frames where the mask is False don't count."""
        frames = x.mean((3, 4))
        if mask is None:
            return frames.mean(1)
        total = frames.masked_fill(~mask.unsqueeze(-1), 0).sum(1)
        return total / mask.sum(1, keepdim=True).clamp(min=1).to(x.dtype)
