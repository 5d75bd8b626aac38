"""How far the pixels of an image lie apart, as places in a table of biases."""

import torch
from torch import Tensor


def apart(height: int, width: int, device: torch.device) -> Tensor:
    """(pixels, pixels) (yᵢ − yⱼ + height − 1) · (2 width − 1) + xᵢ − xⱼ + width − 1, of pixels row by row."""
    down, across = (
        torch.arange(size, device=device)[:, None] - torch.arange(size, device=device) + size - 1
        for size in (height, width)
    )
    place = down[:, None, :, None] * (2 * width - 1) + across[None, :, None, :]
    return place.reshape(height * width, height * width)
