"""Crop: pad the image on all sides and crop it at a random offset.

    y[n, c, i, j] = padded[n, c, i + r[n], j + s[n]],   r, s ~ uniform{0 … 2 · padding}, independent for each example

Source: He and others, Deep residual learning, 2015, https://arxiv.org/abs/1512.03385, section 4.2.
There the border is zero, which is the mean colour once images are normalised: a grey frame around a black image. Here
it repeats the outermost pixels by default; it can also be zero, or mirror the image at its edge (without the edge
itself, as in K. Jordan, 94% on CIFAR-10 in 3.29 seconds, 2024, https://arxiv.org/abs/2404.00498). Cost: one gather.
"""

import torch
from torch import Tensor

from weftnet.data.augment._draw import below
from weftnet.data.augment._spatial import Spatial
from weftnet.data.geometry import BORDERS, Shift


class Crop(Spatial):
    """Random shift.

    Args:
        padding: the largest shift, in pixels.
        border: what fills the padding: `edge` for the outermost pixels again, `zero`, or `reflect`.
    """

    def __init__(self, padding: int = 4, border: str = "edge") -> None:
        if not isinstance(padding, int) or padding < 1:
            raise ValueError(f"crop: padding: expected a positive integer, got {padding!r}")
        if border not in BORDERS:
            raise ValueError(f"crop: border: expected {', '.join(BORDERS)}, got {border!r}")
        self.padding, self.border = padding, border

    def transform(self, images: Tensor, generator: torch.Generator) -> Shift:
        """Each example by its own offset."""
        down, right = (below(images, 2 * self.padding + 1, generator) for _ in range(2))
        return Shift(down, right, self.padding, self.border, *images.shape[-2:])
