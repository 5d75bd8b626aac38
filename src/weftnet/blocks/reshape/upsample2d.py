"""Each pixel repeated in a square, or a plane laid through the four nearest ones.

    nearest     y[b, c, i, j] = x[b, c, ⌊i / factor⌋, ⌊j / factor⌋]
    bilinear    y[b, c, i, j] = Σₖₗ max(0, 1 − |u − k|) · max(0, 1 − |v − l|) · x[b, c, k, l]
                u = (i + ½) / factor − ½,  v = (j + ½) / factor − ½,  both clipped to the image

Source: A. Odena, V. Dumoulin, C. Olah, Deconvolution and checkerboard artifacts, 2016, who recommend the first, with a
convolution after it, in place of a transposed one, https://doi.org/10.23915/distill.00003
As `nn.Upsample(scale_factor=factor, mode=mode, align_corners=False)`.
Cost: none.
When: To make an image larger without chequerboards, with a `conv2d` behind it: decoders, segmentation.
"""

from typing import Literal

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F


class Upsample2d(nn.Module):
    """Enlarge an image.

    Args:
        factor: how many times as high and as wide.
        mode: nearest repeats pixels, bilinear draws lines between them.
    """

    def __init__(self, factor: int = 2, mode: Literal["nearest", "bilinear"] = "nearest") -> None:
        super().__init__()
        if factor < 1:
            raise ValueError(f"upsample2d: factor: expected a positive integer, got {factor}")
        self.factor, self.mode = factor, mode

    def forward(
        self, x: Float[Tensor, "batch channels height width"]
    ) -> Float[Tensor, "batch channels height_out width_out"]:
        """Enlarge factor times."""
        corners = False if self.mode == "bilinear" else None
        return F.interpolate(x, scale_factor=float(self.factor), mode=self.mode, align_corners=corners)
