"""Quarter turns: each image turned by 0°, 90°, 180° or 270°, without interpolation.

    p′ = R(k · 90°) (p − c) + c,   k ~ uniform{0, 1, 2, 3};  {0, 2} where height and width differ

with c the centre. Pixels come to lie on pixels, so that nothing is blurred or lost. For images without an up and a
down: cells, satellites, tissue.
"""

import torch
from torch import Tensor

from weftnet.data.augment._draw import below
from weftnet.data.augment._spatial import Spatial
from weftnet.data.geometry import Turn


class QuarterTurns(Spatial):
    """Random right angles."""

    def transform(self, images: Tensor, generator: torch.Generator) -> Turn:
        """Each example by its own number of turns."""
        height, width = images.shape[-2:]
        square = height == width
        return Turn(below(images, 4 if square else 2, generator) * (1 if square else 2), height, width)
