"""Rotate: each image turned about its centre by a random angle.

    p′ = R(α) (p − c) + c,   α ~ uniform ± degrees

with c the centre and R the rotation by α, clockwise as y points down. Images are interpolated linearly; what comes from
beyond their border repeats the outermost pixels, or is `zero` or `reflect`. Masks take the nearest pixel and are void
beyond it. `affine` turns, scales and shifts at once; `quarter_turns` turns without interpolation.
"""

import math

import torch
from torch import Tensor

from weftnet.data.augment._draw import uniform
from weftnet.data.augment._matrices import about, turned
from weftnet.data.augment._spatial import Spatial
from weftnet.data.geometry import BORDERS, Warp


class Rotate(Spatial):
    """Random angle.

    Args:
        degrees: the largest angle; 180 for any.
        border: what comes from beyond the border: `edge`, `zero`, or `reflect`.
    """

    def __init__(self, degrees: float = 20.0, border: str = "edge") -> None:
        if not 0 < degrees <= 180:
            raise ValueError(f"rotate: degrees: expected a number above 0, up to 180, got {degrees!r}")
        if border not in BORDERS:
            raise ValueError(f"rotate: border: expected {', '.join(BORDERS)}, got {border!r}")
        self.degrees, self.border = degrees, border

    def transform(self, images: Tensor, generator: torch.Generator) -> Warp:
        """Each example by its own angle."""
        height, width = images.shape[-2:]
        angle = (2 * uniform(images, generator).double() - 1) * math.radians(self.degrees)
        return Warp(about(turned(angle), height, width), self.border, height, width)
