"""TrivialAugment: one operation for each image, drawn from fourteen, of a random strength. Nothing to tune.

    an operation ~ uniform of 14, its sign ~ uniform, its strength m ~ uniform in [0, 1]

    nothing · shear across, down: ± 0.99 m · shift across, down: ± 0.33 m of the size · turn: ± 135° m
    light, colour, contrast, sharpness: 1 ± 0.99 m · posterise: 6 m bits fewer
    solarise: above 1 − m · stretch · equalise

Source: S. Müller, F. Hutter, TrivialAugment: tuning-free yet state-of-the-art data augmentation, 2021,
https://arxiv.org/abs/2103.10158, its wide ranges.
Differs: shifts are a share of the size, the paper's are up to 32 pixels; strengths are not of 31 steps; black and white
are those of each image (`_pixels.py`).
Turning, shearing and shifting move masks, boxes and points along.
"""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from weftnet.data.augment._draw import uniform
from weftnet.data.augment._policy import Ranges, done, layer
from weftnet.data.geometry import Warp

_RANGES = Ranges(shear=0.99, shift=0.33, degrees=135.0, enhance=0.99, bits=6)


class TrivialAugment:
    """One of fourteen operations."""

    def steps(self, images: Tensor, generator: torch.Generator) -> Iterator[Warp | Callable[[Tensor], Tensor]]:
        """The operation, for images of which the shape matters."""
        yield from layer(images, uniform(images, generator).double(), _RANGES, generator)

    def __call__(
        self, images: Tensor, target: Tensor, generator: torch.Generator, classes: int | None = None
    ) -> tuple[Tensor, Tensor]:
        """Images alone."""
        return done(self.steps(images, generator), images), target
