"""The values of an example in another shape, in the same row-major order.

    y[b] = x[b] read in row-major order into `shape`

One size makes a vector (dim), two a sequence (time, dim), three an image (channels, height, width).
Source: C. R. Harris and others, Array programming with NumPy, 2020, https://doi.org/10.1038/s41586-020-2649-2
As `torch.reshape` without the batch axis; one size may be −1: what is left.
Cost: none.
When: In a decoder, between a vector and an image; where a named block does the same (`flatten`, `patchify`), take that.
"""

import math

from jaxtyping import Float
from torch import Tensor, nn


class Reshape(nn.Module):
    """Another shape for each example.

    Args:
        shape: sizes of the new axes, without the batch; one may be -1.
    """

    def __init__(self, shape: list[int]) -> None:
        super().__init__()
        if not shape or any(size < 1 and size != -1 for size in shape) or shape.count(-1) > 1:
            raise ValueError(f"reshape: shape: expected positive sizes, at most one of them -1, got {shape}")
        self.sizes = tuple(shape)

    def forward(self, x: Float[Tensor, "batch *shape"]) -> Float[Tensor, "batch *out"]:
        """Fill the new axes in order.

        Raises:
            ValueError: the values of an example don't fill the shape.
        """
        values, wanted = math.prod(x.shape[1:]), abs(math.prod(self.sizes))
        if values % wanted or (values != wanted and -1 not in self.sizes):
            raise ValueError(f"reshape: shape: expected sizes whose product is {values}, got {list(self.sizes)}")
        return x.reshape(x.shape[0], *self.sizes)
