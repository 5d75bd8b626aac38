"""Flip: some of the images mirrored horizontally.

    y[n, c, i, j] = x[n, c, i, width − 1 − j]  where uniform < probability

Not for digits and letters, whose mirror images mean something else.
"""

import torch
from torch import Tensor

from weftnet.data.augment._draw import share, uniform


class Flip:
    """Random horizontal flip.

    Args:
        probability: share of the images that are flipped.
    """

    def __init__(self, probability: float = 0.5) -> None:
        share("flip", probability=probability)
        self.probability = probability

    def __call__(
        self, images: Tensor, target: Tensor, generator: torch.Generator, classes: int | None = None
    ) -> tuple[Tensor, Tensor]:
        """Mirror the chosen images."""
        chosen = uniform(images, generator) < self.probability
        return torch.where(chosen[:, None, None, None], images.flip(3), images), target
