"""What spatial augmentations share: they draw a transform, by which everything in an example moves."""

from abc import ABC, abstractmethod

import torch
from torch import Tensor

from weftnet.data.geometry import Transform


class Spatial(ABC):
    """An augmentation that moves pixels; it doesn't change what they are."""

    @abstractmethod
    def transform(self, images: Tensor, generator: torch.Generator) -> Transform:
        """A transform for each of (batch, channels, height, width) images, of which only the shape matters."""

    def __call__(
        self, images: Tensor, target: Tensor, generator: torch.Generator, classes: int | None = None
    ) -> tuple[Tensor, Tensor]:
        """Move images alone."""
        return self.transform(images, generator).images(images), target
