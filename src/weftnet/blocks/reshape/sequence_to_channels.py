"""A sequence as an image of one channel: time runs down, the values of a step along a row.

    y[b, 0, t, d] = x[b, t, d]

Source: S. Hershey and others, CNN architectures for large-scale audio classification, 2017, who see spectrograms as
images, https://arxiv.org/abs/1609.09430
A padded sequence has zeros at its padding.
Cost: none.
When: To read a spectrogram, or a matrix that came as a series, by image convolutions.
"""

from jaxtyping import Bool, Float
from torch import Tensor, nn


class SequenceToChannels(nn.Module):
    """An image (1, time, dim) of each sequence."""

    def forward(
        self, x: Float[Tensor, "batch time dim"], mask: Bool[Tensor, "batch time"] | None = None
    ) -> Float[Tensor, "batch channels height width"]:
        """Add a channel axis."""
        if mask is not None:
            x = x.masked_fill(~mask.unsqueeze(-1), 0)
        return x.unsqueeze(1)
