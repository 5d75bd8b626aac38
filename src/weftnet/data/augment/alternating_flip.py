"""Alternating flip: half of the images mirrored horizontally, the other half in the next epoch.

    y[n, c, i, j] = x[n, c, i, width − 1 − j]  where coin(row[n]) + epoch is odd

Source: K. Jordan, 94% on CIFAR-10 in 3.29 seconds on a single GPU, 2024, https://arxiv.org/abs/2404.00498, section 3.6.
Two epochs in a row show both versions of every image; with random flips half of the images repeat. The coin is a hash
of the row's number (Steele and others, Fast splittable pseudorandom number generators, 2014), the same in every
training.

Not for digits and letters, whose mirror images mean something else.
"""

import torch
from torch import Tensor

from weftnet.data.geometry import Mirror

_MULTIPLIERS = (0x45D9F3B, 0x45D9F3B)


class AlternatingFlip:
    """Horizontal flip of every image in every other epoch."""

    def transform(self, images: Tensor, generator: torch.Generator, *, rows: Tensor, epoch: int = 0) -> Mirror:
        """Mirror the examples whose turn it is."""
        return Mirror((coin(rows) + epoch) % 2 == 1, *images.shape[-2:])

    def __call__(
        self, images: Tensor, target: Tensor, generator: torch.Generator, classes: int | None = None, *,
        rows: Tensor, epoch: int = 0,
    ) -> tuple[Tensor, Tensor]:  # fmt: skip
        """Mirror images alone."""
        return self.transform(images, generator, rows=rows, epoch=epoch).images(images), target


def coin(rows: Tensor) -> Tensor:
    """0 or 1 for each row number below 2³²; a bijective mix of its bits, then the lowest of them."""
    mixed = rows + 1
    for multiplier in _MULTIPLIERS:
        mixed = ((mixed ^ (mixed >> 16)) * multiplier) & 0xFFFFFFFF
    return (mixed ^ (mixed >> 16)) & 1
