"""Space to depth: the pixels of each square of an image become channels of one pixel.

    y[size² c + size k + l, h, w] = x[c, size h + k, size w + l]          k, l = 0 … size − 1
    height_out = ⌈height / size⌉, likewise for width: zeros below and right where a square is cut

Nothing is lost, and the image is smaller.
Source: W. Shi and others, Real-time single image and video super-resolution using an efficient sub-pixel convolutional
neural network, 2016, https://arxiv.org/abs/1609.05158, backwards; in Swin: Z. Liu and others, 2021,
https://arxiv.org/abs/2103.14030.
Differs from torch: it is `nn.PixelUnshuffle`, which refuses sizes that don't divide.
Cost: no parameters; a copy.
When: To make an image smaller without losing a value, at the beginning of a fast network.
"""

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

from weftnet.blocks._settings import positive


class SpaceToDepth2d(nn.Module):
    """Squares of pixels as channels.

    Args:
        size: of a square's side.
    """

    def __init__(self, size: int = 2) -> None:
        super().__init__()
        positive("space_to_depth2d", size=size)
        self.size = size

    def forward(
        self, x: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch channels_out height_out width_out"]:
        """Fold squares into channels."""
        rest = [0, -x.shape[3] % self.size, 0, -x.shape[2] % self.size]
        return F.pixel_unshuffle(F.pad(x, rest) if any(rest) else x, self.size)
