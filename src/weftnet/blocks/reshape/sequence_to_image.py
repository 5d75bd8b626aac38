"""A sequence as an image whose pixels are its steps, row by row.

    y[b, c, i, j] = x[b, i · width + j, c]

Source: A. van den Oord, N. Kalchbrenner, K. Kavukcuoglu, Pixel recurrent neural networks, 2016,
https://arxiv.org/abs/1601.06759
`image_to_sequence` is its inverse.
Cost: none.
When: After attention on patches, where the answer is an image: segmentation, autoencoders.
"""

from jaxtyping import Float
from torch import Tensor, nn


class SequenceToImage(nn.Module):
    """One pixel per step, the step's values as its channels.

    Args:
        height: rows of the image; height · width is the sequence's length.
        width: pixels in a row.
    """

    def __init__(self, height: int, width: int) -> None:
        super().__init__()
        for name, value in (("height", height), ("width", width)):
            if value < 1:
                raise ValueError(f"sequence_to_image: {name}: expected a positive integer, got {value}")
        self.height, self.width = height, width

    def forward(self, x: Float[Tensor, "batch time dim"]) -> Float[Tensor, "batch channels height width"]:
        """Fill rows left to right, then down.

        Raises:
            ValueError: the sequence doesn't fill the image.
        """
        batch, time, dim = x.shape
        if time != self.height * self.width:
            raise ValueError(
                f"sequence_to_image: height · width: expected {time}, the steps of the sequence, "
                f"got {self.height} · {self.width}"
            )
        return x.transpose(1, 2).reshape(batch, dim, self.height, self.width)
