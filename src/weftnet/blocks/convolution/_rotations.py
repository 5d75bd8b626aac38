"""Filters turned by right angles: what the convolutions over rotations share.

The group p4 are the shifts of the plane and its turns by 0°, 90°, 180° and 270°. A feature of it has a value for each
turn at each pixel; it is kept as four neighbouring channels, so that an image of 4·n channels has n such features.
"""

import torch
from torch import Tensor

TURNS = 4


def lifted(weight: Tensor) -> Tensor:
    """(channels, channels_in, k, k) filters → (channels · 4, channels_in, k, k), each in its four turns."""
    return torch.stack([weight.rot90(turn, (2, 3)) for turn in range(TURNS)], 1).flatten(0, 1)


def over_turns(weight: Tensor) -> Tensor:
    """(channels, features_in, 4, k, k) filters → (channels · 4, features_in · 4, k, k).

    Turned, a filter sees the turns of its input in another order too.
    """
    turned = [weight.rot90(turn, (3, 4)).roll(turn, 2) for turn in range(TURNS)]
    return torch.stack(turned, 1).flatten(0, 1).flatten(1, 2)


def odd(where: str, kernel: int) -> None:
    """Refuse a kernel without a pixel in its middle, about which it turns."""
    if kernel < 1 or kernel % 2 == 0:
        raise ValueError(f"{where}: kernel: expected an odd number, got {kernel}")


def fibres(where: str, channels_in: int) -> int:
    """How many features of four turns there are."""
    if channels_in < TURNS or channels_in % TURNS:
        raise ValueError(
            f"{where}: channels_in: expected a multiple of 4, a channel for each turn, got {channels_in}; "
            "put rotation_lifting2d before it"
        )
    return channels_in // TURNS
