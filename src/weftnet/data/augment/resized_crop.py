"""Resized crop: a rectangle of random area and proportions, enlarged to the size of the image.

    a ~ uniform in [low, high],   log r ~ uniform in [−log proportion, log proportion]
    w = √(a r) · width,  h = √(a / r) · height,   each at most the image's;   the corner (x₀, y₀) uniform where it fits
    p′ = ((x − x₀) · width / w, (y − y₀) · height / h)

Masks, points and boxes move along; a box of which less than a fifth is left counts no more. Images are interpolated
linearly.
Source: C. Szegedy and others, Going deeper with convolutions, 2014, https://arxiv.org/abs/1409.4842, section 6, who
draw areas from 8 % on, for classes; the usual name is RandomResizedCrop.
Differs: proportions are relative to the image's own; what would be longer than the image is cut, not drawn again.
"""

import math

import torch
from torch import Tensor

from weftnet.data.augment._draw import share, uniform
from weftnet.data.augment._spatial import Spatial
from weftnet.data.geometry import Warp, identity


class ResizedCrop(Spatial):
    """A part of each image, as large as the image.

    Args:
        low: the smallest share of the image's area.
        high: the largest, up to 1.
        proportion: the most by which width over height changes, up or down, as a factor.
        probability: share of the examples that are cropped.
    """

    def __init__(
        self, low: float = 0.25, high: float = 1.0, proportion: float = 4 / 3, probability: float = 1.0
    ) -> None:
        share("resized_crop", probability=probability)
        if not 0 < low <= high <= 1:
            raise ValueError(f"resized_crop: expected 0 < low ≤ high ≤ 1, got {low} and {high}")
        if not 1 <= proportion < math.inf:
            raise ValueError(f"resized_crop: proportion: expected a number from 1 on, got {proportion!r}")
        self.low, self.high, self.proportion, self.probability = low, high, proportion, probability

    def transform(self, images: Tensor, generator: torch.Generator) -> Warp:
        """Each example by its own rectangle."""
        height, width = images.shape[-2:]
        area, stretch, left, top, drawn = (uniform(images, generator).double() for _ in range(5))
        area = self.low + (self.high - self.low) * area
        ratio = torch.exp((2 * stretch - 1) * math.log(self.proportion))
        high, wide = ((area / ratio).sqrt().clamp(max=1) * height, (area * ratio).sqrt().clamp(max=1) * width)
        matrix = identity(len(images), images.device)
        matrix[:, 0, 0], matrix[:, 1, 1] = width / wide, height / high
        matrix[:, 0, 2] = -left * (width - wide) * width / wide
        matrix[:, 1, 2] = -top * (height - high) * height / high
        whole = identity(1, images.device)
        return Warp(torch.where((drawn < self.probability)[:, None, None], matrix, whole), "edge", height, width)
