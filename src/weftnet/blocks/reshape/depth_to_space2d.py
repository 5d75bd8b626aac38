"""Depth to space: groups of channels become the pixels of a square each.

    y[c, size h + k, size w + l] = x[size² c + size k + l, h, w]          k, l = 0 … size − 1

Nothing is lost, and the image is larger. Behind a convolution it makes an image of any size from one that was made
smaller, each pixel by weights of its own.
Source: W. Shi and others, Real-time single image and video super-resolution using an efficient sub-pixel convolutional
neural network, 2016, equation 4, https://arxiv.org/abs/1609.05158; torch's `nn.PixelShuffle`.
Cost: no parameters; a copy.
When: To make an image larger without losing or inventing a value: behind a `conv2d` that makes the channels.
"""

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from weftnet.blocks._settings import positive


class DepthToSpace2d(nn.Module):
    """Channels as the pixels of squares.

    Args:
        channels_in: a multiple of size².
        size: of a square's side.
    """

    def __init__(self, channels_in: int, size: int = 2) -> None:
        super().__init__()
        positive("depth_to_space2d", size=size)
        if channels_in % size**2:
            expected = f"a multiple of {size**2}, the pixels of a square"
            raise ValueError(f"depth_to_space2d: channels_in: expected {expected}, got {channels_in}")
        self.size = size

    def forward(
        self, x: Float[Tensor, "batch channels_in height width"]
    ) -> Float[Tensor, "batch channels height_out width_out"]:
        """Unfold channels into squares."""
        return F.pixel_shuffle(x, self.size)
