"""An image as a sequence of its pixels, row by row.

    y[b, i · width + j, c] = x[b, c, i, j]

Source: A. van den Oord, N. Kalchbrenner, K. Kavukcuoglu, Pixel recurrent neural networks, 2016,
https://arxiv.org/abs/1601.06759
`sequence_to_image` is its inverse.
Cost: none.
When: Between convolutions and attention, so that each place of a small feature map is a step.
"""

from jaxtyping import Float
from torch import Tensor, nn


class ImageToSequence(nn.Module):
    """One step per pixel, its channels as the step's values."""

    def forward(self, x: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch time dim"]:
        """Read pixels left to right, then down."""
        return x.flatten(2).transpose(1, 2)
