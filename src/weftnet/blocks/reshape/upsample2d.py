"""Each pixel repeated in a square.

    y[b, c, i, j] = x[b, c, ⌊i / factor⌋, ⌊j / factor⌋]

Source: A. Odena, V. Dumoulin, C. Olah, Deconvolution and checkerboard artifacts, 2016, who recommend it, followed by a
convolution, in place of a transposed one, https://doi.org/10.23915/distill.00003
As `nn.Upsample(scale_factor=factor, mode="nearest")`.
Cost: none.
"""

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F


class Upsample2d(nn.Module):
    """Enlarge an image by repeating pixels.

    Args:
        factor: how many times as high and as wide.
    """

    def __init__(self, factor: int = 2) -> None:
        super().__init__()
        if factor < 1:
            raise ValueError(f"upsample2d: factor: expected a positive integer, got {factor}")
        self.factor = factor

    def forward(
        self, x: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch channels height_out width_out"]:
        """Repeat each pixel factor × factor times."""
        return F.interpolate(x, scale_factor=float(self.factor), mode="nearest")
