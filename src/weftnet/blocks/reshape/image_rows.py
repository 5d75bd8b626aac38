"""An image as a sequence of its rows.

    y[b, i, c · width + j] = x[b, c, i, j]

Source: Q. V. Le, N. Jaitly, G. E. Hinton, A simple way to initialize recurrent networks of rectified linear units,
2015, https://arxiv.org/abs/1504.00941, who read images step by step, there pixel by pixel.
Cost: none.
When: To read an image by a recurrent network row by row, or a spectrogram by its bands.
"""

from jaxtyping import Float
from torch import Tensor, nn


class ImageRows(nn.Module):
    """One step per row, all channels of its pixels as the step's values."""

    def forward(self, x: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch time dim"]:
        """Read rows from the top."""
        return x.transpose(1, 2).flatten(2)
