"""Pixel noise: to every pixel a normal number is added, of a random strength for each image.

    y = x + σ ε,   ε ~ N(0, 1),   σ ~ uniform in [0, strength]

Images are normalised when they come here, so that σ is in standard deviations of the training images' pixels.
Source: as C. Bishop, Training with noise is equivalent to Tikhonov regularization, 1995,
https://doi.org/10.1162/neco.1995.7.1.108.
"""

import torch
from torch import Tensor

from weftnet.data.augment._draw import normal, positive, uniform


class PixelNoise:
    """Random Gaussian noise.

    Args:
        strength: the largest standard deviation.
    """

    def __init__(self, strength: float = 0.2) -> None:
        positive("pixel_noise", strength=strength)
        self.strength = strength

    def __call__(
        self, images: Tensor, target: Tensor, generator: torch.Generator, classes: int | None = None
    ) -> tuple[Tensor, Tensor]:
        """Noise on every image."""
        sigma = (self.strength * uniform(images, generator)).to(images.dtype).view(-1, *[1] * (images.ndim - 1))
        return torch.addcmul(images, sigma, normal(images, generator)), target
