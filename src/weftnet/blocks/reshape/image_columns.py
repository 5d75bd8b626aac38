"""An image as a sequence of its columns.

    y[b, j, c · height + i] = x[b, c, i, j]

Source: B. Shi, X. Bai, C. Yao, An end-to-end trainable neural network for image-based sequence recognition, 2015,
section 2.1, who read a line of text so, https://arxiv.org/abs/1507.05717
Cost: none.
When: To read a line of text in a picture from left to right, by a recurrent network.
"""

from jaxtyping import Float
from torch import Tensor, nn


class ImageColumns(nn.Module):
    """One step per column, all channels of its pixels as the step's values."""

    def forward(self, x: Float[Tensor, "batch channels height width"]) -> Float[Tensor, "batch time dim"]:
        """Read columns from the left."""
        return x.permute(0, 3, 1, 2).flatten(2)
