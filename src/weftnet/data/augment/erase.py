"""Erase: one rectangle of an image set to zero.

    area = uniform(low, high) · height · width,   ratio = exp(uniform(log 0.3, log 1/0.3))
    h = round(√(area · ratio)),  w = round(√(area / ratio)),  limited to the image;  the position is uniform

Source: Zhong and others, Random erasing data augmentation, 2017, https://arxiv.org/abs/1708.04896.
Differs: filled with zeros (the mean colour, the paper's ERE-M) rather than noise; sides are clipped to the image
rather than drawn again.
"""

import math

import torch
from torch import Tensor

from weftnet.data.augment._draw import below, share, uniform

_RATIO = 0.3


class Erase:
    """Random erasing.

    Args:
        probability: share of the images in which a rectangle is erased.
        low: smallest area, as a share of the image.
        high: largest area.
    """

    def __init__(self, probability: float = 0.5, low: float = 0.02, high: float = 0.2) -> None:
        share("erase", probability=probability, low=low, high=high)
        if low > high:
            raise ValueError(f"erase: expected low ≤ high, got {low} and {high}")
        self.probability, self.low, self.high = probability, low, high

    def __call__(
        self, images: Tensor, target: Tensor, generator: torch.Generator, classes: int | None = None
    ) -> tuple[Tensor, Tensor]:
        """Erase a rectangle of the chosen images."""
        height, width = images.shape[2:]
        chosen = uniform(images, generator) < self.probability
        area = (self.low + (self.high - self.low) * uniform(images, generator)) * height * width
        ratio = torch.exp((2 * uniform(images, generator) - 1) * math.log(1 / _RATIO))
        tall = (area * ratio).sqrt().round().clamp(1, height).long()
        wide = (area / ratio).sqrt().round().clamp(1, width).long()
        top, left = below(images, height - tall + 1, generator), below(images, width - wide + 1, generator)
        rows = torch.arange(height, device=images.device)
        columns = torch.arange(width, device=images.device)
        inside_rows = (rows >= top[:, None]) & (rows < (top + tall)[:, None])
        inside_columns = (columns >= left[:, None]) & (columns < (left + wide)[:, None])
        hole = inside_rows[:, :, None] & inside_columns[:, None, :] & chosen[:, None, None]
        return images.masked_fill(hole[:, None], 0.0), target
