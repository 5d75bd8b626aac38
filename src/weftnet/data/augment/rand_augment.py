"""RandAugment: some operations for each image, drawn from fourteen, all of one strength.

    `layers` times:  an operation ~ uniform of 14, its sign ~ uniform, its strength m = strength / 30

    nothing · shear across, down: ± 0.3 m · shift across, down: ± 0.45 m of the size · turn: ± 30° m
    light, colour, contrast, sharpness: 1 ± 0.9 m · posterise: 4 m bits fewer
    solarise: above 1 − m · stretch · equalise

Source: E. Cubuk, B. Zoph, J. Shlens, Q. Le, RandAugment: practical automated data augmentation with a reduced search
space, 2019, https://arxiv.org/abs/1909.13719; ranges as in torchvision.
Differs: black and white are those of each image, as images are normalised already (`_pixels.py`).
Turning, shearing and shifting move masks, boxes and points along. Two numbers replace a search: raise `strength` for
larger networks and longer training.
"""

from collections.abc import Callable, Iterator

import torch
from torch import Tensor

from weftnet.data.augment._policy import Ranges, done, layer
from weftnet.data.geometry import Warp

_RANGES, _STRONGEST = Ranges(shear=0.3, shift=150 / 331, degrees=30.0, enhance=0.9, bits=4), 30


class RandAugment:
    """Some of fourteen operations.

    Args:
        layers: operations one after another.
        strength: of all of them, from 0 to 30.
    """

    def __init__(self, layers: int = 2, strength: float = 9.0) -> None:
        if not isinstance(layers, int) or layers < 1:
            raise ValueError(f"rand_augment: layers: expected a positive integer, got {layers!r}")
        if not 0 <= strength <= _STRONGEST:
            raise ValueError(f"rand_augment: strength: expected a number from 0 to {_STRONGEST}, got {strength!r}")
        self.layers, self.strength = layers, strength

    def steps(self, images: Tensor, generator: torch.Generator) -> Iterator[Warp | Callable[[Tensor], Tensor]]:
        """The operations, for images of which the shape matters."""
        strength = torch.full((len(images),), self.strength / _STRONGEST, dtype=torch.float64, device=images.device)
        for _ in range(self.layers):
            yield from layer(images, strength, _RANGES, generator)

    def __call__(
        self, images: Tensor, target: Tensor, generator: torch.Generator, classes: int | None = None
    ) -> tuple[Tensor, Tensor]:
        """Images alone."""
        return done(self.steps(images, generator), images), target
