"""Operations on the pixels of images, as the Python Imaging Library has them, on whole batches.

    u = (x − black) / (white − black),   black and white the darkest and the brightest value of an image
    x′ = black + (white − black) · operation(u),   clipped to 0 … 1

Images are normalised when they come here, so that there is no 0 and 255: what Pillow does by those is done by the
image's own range. Grey is 0.299 red + 0.587 green + 0.114 blue, or the mean of other numbers of channels. Each
operation is called as `operation(images, signed, enhance, bits)`, signed strengths (batch,) from −1 to 1.
"""

from collections.abc import Callable
from typing import TypeAlias

import torch
from torch import Tensor
from torch.nn import functional as F

Operation: TypeAlias = Callable[[Tensor, Tensor, float, int], Tensor]
_LEVELS = 256


def light(images: Tensor, signed: Tensor, enhance: float, bits: int) -> Tensor:
    """Darker or lighter."""
    return _blended(images, signed * enhance, torch.zeros_like)


def colour(images: Tensor, signed: Tensor, enhance: float, bits: int) -> Tensor:
    """Towards grey or away from it."""
    return _blended(images, signed * enhance, lambda u: _grey(u).expand_as(u))


def contrast(images: Tensor, signed: Tensor, enhance: float, bits: int) -> Tensor:
    """Towards the mean of its grey or away from it."""
    return _blended(images, signed * enhance, lambda u: _grey(u).mean((2, 3), keepdim=True).expand_as(u))


def sharpness(images: Tensor, signed: Tensor, enhance: float, bits: int) -> Tensor:
    """Towards its smoothed self or away from it; the outermost pixels stay."""
    return _blended(images, signed * enhance, _smoothed)


def posterise(images: Tensor, signed: Tensor, enhance: float, bits: int) -> Tensor:
    """Fewer bits of each value."""
    kept = 8 - (signed.abs() * bits).round()
    width = (2 ** (8 - kept)).view(-1, 1, 1, 1)
    return _ranged(images, lambda u: (_bytes(u) / width).floor() * width / (_LEVELS - 1))


def solarise(images: Tensor, signed: Tensor, enhance: float, bits: int) -> Tensor:
    """Bright values inverted."""
    threshold = (1 - signed.abs()).view(-1, 1, 1, 1)
    return _ranged(images, lambda u: torch.where(u >= threshold, 1 - u, u))


def stretch(images: Tensor, signed: Tensor, enhance: float, bits: int) -> Tensor:
    """Each channel from black to white."""

    def stretched(u: Tensor) -> Tensor:
        low, high = u.amin((2, 3), keepdim=True), u.amax((2, 3), keepdim=True)
        return torch.where(high > low, (u - low) / (high - low).clamp(min=torch.finfo(u.dtype).tiny), u)

    return _ranged(images, stretched)


def equalise(images: Tensor, signed: Tensor, enhance: float, bits: int) -> Tensor:
    """Each channel's histogram of 256 levels as uniform as a map of levels can make it."""
    return _ranged(images, _equalised)


PIXELS: tuple[Operation, ...] = (light, colour, contrast, sharpness, posterise, solarise, stretch, equalise)


def _ranged(images: Tensor, operation: Callable[[Tensor], Tensor]) -> Tensor:
    """An operation on 0 … 1; an image of one value stays."""
    black, white = images.amin((1, 2, 3), keepdim=True), images.amax((1, 2, 3), keepdim=True)
    width = white - black
    u = (images - black) / torch.where(width > 0, width, 1)
    return torch.where(width > 0, black + width * operation(u).clamp(0, 1), images)


def _blended(images: Tensor, change: Tensor, other: Callable[[Tensor], Tensor]) -> Tensor:
    factor = 1 + change.view(-1, 1, 1, 1)
    return _ranged(images, lambda u: factor * u + (1 - factor) * other(u))


def _grey(u: Tensor) -> Tensor:
    if u.shape[1] != 3:
        return u.mean(1, keepdim=True)
    return (u * u.new_tensor([0.299, 0.587, 0.114]).view(1, 3, 1, 1)).sum(1, keepdim=True)


def _smoothed(u: Tensor) -> Tensor:
    """Each inner pixel by five parts of itself and one of each neighbour, of thirteen."""
    if min(u.shape[-2:]) < 3:
        return u
    kernel = u.new_ones(3, 3)
    kernel[1, 1] = 5
    weight = (kernel / 13).expand(u.shape[1], 1, 3, 3)
    smoothed = u.clone()
    smoothed[..., 1:-1, 1:-1] = F.conv2d(u, weight, groups=u.shape[1])
    return smoothed


def _bytes(u: Tensor) -> Tensor:
    """0 … 1 as whole numbers from 0 to 255."""
    return (u * (_LEVELS - 1)).round().clamp(0, _LEVELS - 1)


def _equalised(u: Tensor) -> Tensor:
    """As Pillow: level k becomes (pixels below k + step / 2) / step, step = (all but the last level's) / 255."""
    levels = _bytes(u).long().flatten(2)
    counts = torch.zeros(*levels.shape[:2], _LEVELS, dtype=torch.long, device=u.device)
    counts.scatter_add_(2, levels, torch.ones_like(levels))
    last = counts.gather(2, levels.amax(2, keepdim=True))
    step = (levels.shape[2] - last) // (_LEVELS - 1)
    below = counts.cumsum(2) - counts
    mapped = ((below + step // 2) // step.clamp(min=1)).clamp(max=_LEVELS - 1)
    equal = mapped.gather(2, levels).view_as(u).to(u.dtype) / (_LEVELS - 1)
    return torch.where((step > 0)[..., None], equal, u)
