"""Group normalisation: each image on its own, over the pixels and channels of a group.

    mean, var over the channels/groups · height · width values of a group
    y = (x − mean) / √(var + eps) · weight[channel] + bias[channel]

Independent of the batch: the same with two images as with two hundred. groups = 1 is a layer normalisation of the
image, groups = channels an instance normalisation.
Source: Y. Wu, K. He, Group normalization, 2018, https://arxiv.org/abs/1803.08494.
Differs from torch: it is `nn.GroupNorm`, with the paper's 32 groups by default.
Cost: 2·channels parameters; some 8 operations per value.
When: Instead of `batch_norm2d` where batches are small, in diffusion models, and for training with privacy, which
forbids norms over a batch.
"""

from jaxtyping import Float
from torch import Tensor, nn


class GroupNorm(nn.Module):
    """Mean 0 and variance 1 over each group of channels of each image, then a gain and shift per channel.

    Args:
        channels: channels of the image.
        groups: into how many groups they are split; a divisor of channels.
        eps: added to the variance.
    """

    def __init__(self, channels: int, groups: int = 32, eps: float = 1e-5) -> None:
        super().__init__()
        if channels < 1:
            raise ValueError(f"group_norm: channels: expected a positive integer, got {channels}")
        if groups < 1 or channels % groups:
            raise ValueError(f"group_norm: groups: expected a divisor of channels {channels}, got {groups}")
        if eps <= 0:
            raise ValueError(f"group_norm: eps: expected a positive number, got {eps}")
        self.norm = nn.GroupNorm(groups, channels, eps)

    def forward(self, x: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch channels height width"]:
        """Normalise every group of every image."""
        y: Tensor = self.norm(x)
        return y
