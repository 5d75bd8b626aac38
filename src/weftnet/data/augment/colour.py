"""Colour: the light of each image changed at random, as another hour or another camera would.

    y = m + c (g + s (x − g) − m) + b
    c ~ 1 ± uniform · contrast,  s ~ 1 ± uniform · saturation,  b ~ ± uniform · brightness

with g the mean of a pixel's channels and m the mean of the image. Images are normalised when they come here, so that
`brightness` is in standard deviations of the training images' pixels. Values are not clipped.

Source: as A. Howard, Some improvements on deep convolutional neural network based image classification, 2013,
https://arxiv.org/abs/1312.5402.
Differs: contrast, saturation and brightness always in this order, on normalised values.
"""

import torch
from torch import Tensor

from weftnet.data.augment._draw import share, uniform


class Colour:
    """Random brightness, contrast and saturation.

    Args:
        brightness: the largest shift, in standard deviations.
        contrast: the largest change of the distance to the image's mean, as a share of it.
        saturation: the largest change of the distance to grey, as a share of it.
    """

    def __init__(self, brightness: float = 0.4, contrast: float = 0.4, saturation: float = 0.4) -> None:
        share("colour", contrast=contrast, saturation=saturation)
        if not brightness >= 0:
            raise ValueError(f"colour: brightness: expected a number of 0 or more, got {brightness!r}")
        self.brightness, self.contrast, self.saturation = brightness, contrast, saturation

    def __call__(
        self, images: Tensor, target: Tensor, generator: torch.Generator, classes: int | None = None
    ) -> tuple[Tensor, Tensor]:
        """Change the light of every image."""
        shift, contrast, saturation = (
            (2 * uniform(images, generator) - 1).to(images.dtype)[:, None, None, None] for _ in range(3)
        )
        contrast, saturation = 1 + contrast * self.contrast, 1 + saturation * self.saturation
        grey, mean = images.mean(1, keepdim=True), images.mean((1, 2, 3), keepdim=True)
        # one product and one sum of the whole batch instead of four: y = c s x + (c (1 − s) g + (1 − c) m + b)
        rest = contrast * (1 - saturation) * grey + (1 - contrast) * mean + shift * self.brightness
        return torch.addcmul(rest, contrast * saturation, images), target
