"""Affine: each image turned, scaled and shifted about its centre, at random.

    p′ = s R(α) (p − c) + c + t,   α ~ uniform ± degrees,  s ~ 1 + uniform ± scale,  t ~ uniform ± shift · size

with c the centre and R the rotation by α. Images are interpolated linearly; their border repeats the outermost pixels,
or is `zero` or `reflect`. Masks take the nearest pixel and are void beyond the border.
"""

import math

import torch
from torch import Tensor

from weftnet.data.augment._draw import share, uniform
from weftnet.data.augment._matrices import about, shifted, turned
from weftnet.data.augment._spatial import Spatial
from weftnet.data.geometry import BORDERS, Warp


class Affine(Spatial):
    """Random rotation, scale and shift.

    Args:
        degrees: the largest angle.
        scale: the largest change of size, as a share of it, below 1.
        shift: the largest shift, as a share of height and width.
        border: what comes from beyond the border: `edge`, `zero`, or `reflect`.
    """

    def __init__(self, degrees: float = 10.0, scale: float = 0.1, shift: float = 0.05, border: str = "edge") -> None:
        if not 0 <= degrees <= 180:
            raise ValueError(f"affine: degrees: expected a number from 0 to 180, got {degrees!r}")
        share("affine", scale=scale, shift=shift)
        if scale == 1:
            raise ValueError("affine: scale: expected a number below 1, got 1")
        if border not in BORDERS:
            raise ValueError(f"affine: border: expected {', '.join(BORDERS)}, got {border!r}")
        self.degrees, self.scale, self.shift, self.border = degrees, scale, shift, border

    def transform(self, images: Tensor, generator: torch.Generator) -> Warp:
        """Each example by its own matrix."""
        angle, factor, across, down = (2 * uniform(images, generator).double() - 1 for _ in range(4))
        angle, factor = angle * math.radians(self.degrees), 1 + factor * self.scale
        height, width = images.shape[-2:]
        turn = turned(angle)
        turn[:, :2, :2] *= factor[:, None, None]
        matrix = shifted(across * width * self.shift, down * height * self.shift) @ about(turn, height, width)
        return Warp(matrix, self.border, height, width)
