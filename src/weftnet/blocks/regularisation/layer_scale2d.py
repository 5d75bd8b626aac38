"""Layer scale: a learned factor for each channel of an image, which starts small.

    y[c] = weight[c] · x[c]          weight: (channels), starts at `start`

At the end of a residual's body it lets a deep network start near the identity.
Source: H. Touvron, M. Cord, A. Sablayrolles, G. Synnaeve, H. Jégou, Going deeper with image transformers, 2021,
https://arxiv.org/abs/2103.17239, section 2.
Differs from torch, which has none; of vectors `feature_scale` does about the same.
Cost: channels parameters; one product per value.
When: In residuals of deep networks, which then start nearly as the identity.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn

from weftnet.blocks._settings import positive


class LayerScale2d(nn.Module):
    """Each channel times a factor of its own.

    Args:
        channels: of the image.
        start: what the factors start at.
    """

    def __init__(self, channels: int, start: float = 1e-6) -> None:
        super().__init__()
        positive("layer_scale2d", channels=channels)
        self.weight = nn.Parameter(torch.full((channels,), start))

    def forward(self, x: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch channels height width"]:
        """Scale every channel."""
        return x * self.weight[:, None, None]
