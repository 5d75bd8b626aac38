"""Flip: some of the images mirrored horizontally.

    y[n, c, i, j] = x[n, c, i, width − 1 − j]  where uniform < probability

Not for digits and letters, whose mirror images mean something else.
"""

import torch
from torch import Tensor

from weftnet.data.augment._draw import share, uniform
from weftnet.data.augment._spatial import Spatial
from weftnet.data.geometry import Mirror


class Flip(Spatial):
    """Random horizontal flip.

    Args:
        probability: share of the images that are flipped.
    """

    def __init__(self, probability: float = 0.5) -> None:
        share("flip", probability=probability)
        self.probability = probability

    def transform(self, images: Tensor, generator: torch.Generator) -> Mirror:
        """Mirror the chosen examples."""
        return Mirror(uniform(images, generator) < self.probability, *images.shape[-2:])
