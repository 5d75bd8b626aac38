"""The operations of RandAugment and TrivialAugment: one is drawn for each image, and done with its own strength.

    0 nothing                        each by a strength m from 0 to 1, where marked ± with a random sign
    1, 2     shear across, down      x′ = x ± m · shear · y about the middle, y likewise
    3, 4     shift across, down      ± m · shift · width, height
    5        turn                    ± m · degrees
    6 … 9    light, colour,          1 ± m · enhance: the share of the image; the rest is black, its own grey, the mean
             contrast, sharpness     of its grey, its smoothed self (`_pixels.py`)
    10       posterise               8 − m · bits of each value are kept, rounded
    11       solarise                values above 1 − m are inverted
    12, 13   stretch, equalise       to black and white in each channel; to a uniform histogram

The moves are one map of all images at once, by which masks, boxes and points move along; what comes from beyond the
border is the mean colour.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

import torch
from torch import Tensor

from weftnet.data.augment._draw import below, uniform
from weftnet.data.augment._matrices import about, sheared, shifted, turned
from weftnet.data.augment._pixels import PIXELS
from weftnet.data.geometry import Warp

_MOVES = 5


class Ranges(NamedTuple):
    """What a strength of 1 means, see above."""

    shear: float
    shift: float
    degrees: float
    enhance: float
    bits: int


def layer(
    images: Tensor, strength: Tensor, ranges: Ranges, generator: torch.Generator
) -> Iterator[Warp | Callable[[Tensor], Tensor]]:
    """One operation for each image: those that move, then those that change pixels.

    Args:
        images: (batch, channels, height, width), of which the shape matters.
        strength: (batch,) from 0 to 1.
        ranges: of the operations.
        generator: draws the operations and their signs.
    """
    height, width = images.shape[-2:]
    drawn = below(images, 1 + _MOVES + len(PIXELS), generator)
    signed = torch.where(uniform(images, generator) < 0.5, strength, -strength).double()
    shares = [torch.where(drawn == move, signed, 0.0) for move in range(1, 1 + _MOVES)]
    shear = sheared(shares[0] * ranges.shear, shares[1] * ranges.shear)
    turn = turned(shares[4] * ranges.degrees * torch.pi / 180)
    shift = shifted(shares[2] * ranges.shift * width, shares[3] * ranges.shift * height)
    yield Warp(shift @ about(turn @ shear, height, width), "zero", height, width)

    def change(given: Tensor) -> Tensor:
        changed = given.clone()
        for number, operation in enumerate(PIXELS, 1 + _MOVES):
            if len(chosen := (drawn == number).nonzero().flatten()):
                changed[chosen] = operation(given[chosen], signed[chosen].to(given.dtype), ranges.enhance, ranges.bits)
        return changed

    yield change


def done(steps: Iterator[Warp | Callable[[Tensor], Tensor]], images: Tensor) -> Tensor:
    """Images alone, after these operations."""
    for step in steps:
        images = step.images(images) if isinstance(step, Warp) else step(images)
    return images
