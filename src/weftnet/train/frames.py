"""Augmentations of images on the frames of videos: the same draws for all frames of a clip.

What moves pixels is one transform for each example, whatever axes lie between batch and height. What changes pixels is
called for one frame after another, each time with the generator as it was before the first.
"""

from collections.abc import Callable

import torch
from torch import Tensor

Called = Callable[[Tensor], tuple[Tensor, Tensor]]


def still(images: Tensor) -> Tensor:
    """Images as they are; of videos (batch, time, channels, height, width) the first frames."""
    return images[:, 0] if images.ndim == 5 else images


def each_frame(change: Callable[[Tensor], Tensor], images: Tensor) -> Tensor:
    """A change of images that draws nothing, on every frame."""
    return change(images) if images.ndim != 5 else torch.stack([change(frame) for frame in images.unbind(1)], 1)


def on_frames(augmentation: Called, images: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """An augmentation that draws, on every frame alike: the videos, and the target after it."""
    if images.ndim != 5:
        return augmentation(images)
    before, frames = generator.get_state(), []
    for frame in images.unbind(1):
        generator.set_state(before)
        changed, target = augmentation(frame)
        frames.append(changed)
    return torch.stack(frames, 1), target
