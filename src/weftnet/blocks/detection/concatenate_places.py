"""Places of two images of one picture, one after another: those of the finer and those of the coarser.

    y = (x[0], …, x[n − 1], coarser[0], …, coarser[m − 1])

Source: as levels are joined in Z. Tian and others, FCOS, 2019, https://arxiv.org/abs/1904.01355, section 3.2.
As `torch.cat([x, coarser], 1)`.
Cost: none.
When: In a detector, where towers at several scales end in one list of places.
"""

import torch
from jaxtyping import Float
from torch import Tensor, nn


class ConcatenatePlaces(nn.Module):
    """One list of two."""

    def forward(
        self, x: Float[Tensor, "batch places_x features"], coarser: Float[Tensor, "batch places_y features"]
    ) -> Float[Tensor, "batch places features"]:
        """The places of x, then the coarser ones."""
        return torch.cat([x, coarser], 1)
