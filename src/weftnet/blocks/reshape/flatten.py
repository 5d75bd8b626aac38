"""All values of an example as one vector, the last axis running fastest.

    y[b] = x[b, …] read in row-major order

Source: Y. LeCun, L. Bottou, Y. Bengio, P. Haffner, Gradient-based learning applied to document recognition, 1998, where
feature maps meet full connections, https://doi.org/10.1109/5.726791
As `nn.Flatten()`. A padded sequence is flattened with zeros at its padding.
Cost: none.
When: Between an image and dense layers where places matter, as in small pictures of one size; else a global pool.
"""

from jaxtyping import Bool, Float
from torch import Tensor, nn


class Flatten(nn.Module):
    """One vector per example."""

    def forward(
        self, x: Float[Tensor, "batch *shape"], mask: Bool[Tensor, "batch time"] | None = None
    ) -> Float[Tensor, "batch dim"]:
        """Put all axes but the first into one."""
        if mask is not None:
            x = x.masked_fill(~mask.reshape(*mask.shape, *[1] * (x.ndim - 2)), 0)
        return x.flatten(1)
