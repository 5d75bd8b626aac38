"""Blocks of airbench's network that weftnet lacks: a plugin."""

import torch
from jaxtyping import Float
from torch import Tensor, nn


class DiracConv2d(nn.Module):
    """A 3×3 convolution without bias whose first channels_in filters start as the identity.

    Args:
        channels_in: channels of the input.
        channels: filters.
    """

    def __init__(self, channels_in: int, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels_in, channels, 3, padding=1, bias=False)
        with torch.no_grad():
            nn.init.dirac_(self.conv.weight[:channels_in])

    def forward(
        self, x: Float[Tensor, "batch channels_in height width"]
    ) -> Float[Tensor, "batch channels height width"]:
        """Convolve."""
        return self.conv(x)
