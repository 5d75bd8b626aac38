"""Mosaic: four images around a random point, each at another scale; their masks, boxes and points come along.

    centre ~ uniform in [middle − spread/2, middle + spread/2] of height and width, rounded to whole pixels
    s ~ uniform in [low, high], drawn for each piece;   the corner of a scaled image that looks inwards lies there:
    top left     p′ = s (p − (width, height)) + centre      top right    p′ = s (p − (0, height)) + centre
    bottom left  p′ = s (p − (width, 0)) + centre           bottom right p′ = s p + centre

The first piece is of the example itself, the others of random ones. What no image reaches is zero, the mean colour, and
void in masks. With probability 1 − `probability` an example stays as it is.
Source: A. Bochkovskiy, C.-Y. Wang, H.-Y. Liao, YOLOv4, 2020, https://arxiv.org/abs/2004.10934, section 3.3.
Differs: the result is as large as one image; the authors' is twice as large, and cropped or scaled afterwards.

Objects are cut and come in new surroundings, and more small ones are seen. For targets that have a place in the image:
a class of a whole image would be that of one piece.
"""

import torch
from torch import Tensor

from weftnet.data.augment._draw import partners, share, uniform
from weftnet.data.geometry import Transform, Warp, identity
from weftnet.data.pieces import Pieces


class Mosaic:
    """Four images in one.

    Args:
        probability: share of the examples that become a mosaic.
        low: smallest scale of a piece.
        high: largest scale, up to 2.
        spread: in which part of the image the centre lies, as a share of its sides.
    """

    #: rows of a batch come together in one
    joins = True

    def __init__(self, probability: float = 0.5, low: float = 0.5, high: float = 1.0, spread: float = 0.5) -> None:
        share("mosaic", probability=probability, spread=spread)
        if not 0 < low <= high <= 2:
            raise ValueError(f"mosaic: expected 0 < low ≤ high ≤ 2, got {low} and {high}")
        self.probability, self.low, self.high, self.spread = probability, low, high, spread

    def transform(self, images: Tensor, generator: torch.Generator) -> Pieces:
        """Pieces for each of (batch, channels, height, width) images, of which only the shape matters."""
        height, width = images.shape[-2:]
        mixed = uniform(images, generator) < self.probability
        centre = torch.stack([self._centre(images, size, generator) for size in (width, height)], 1)
        # an example that stays is a mosaic of which the first piece fills everything
        centre = torch.where(mixed[:, None], centre, centre.new_tensor([width, height]))
        itself, transforms, areas, others = torch.arange(len(images), device=images.device), [], [], []
        for piece in range(4):
            right, below = piece % 2, piece // 2
            scale = self.low + (self.high - self.low) * uniform(images, generator).double()
            scale = torch.where(mixed, scale, 1.0)
            others.append(itself if piece == 0 else partners(images, generator))
            transforms.append(self._placed(scale, centre, (1 - right) * width, (1 - below) * height, (height, width)))
            across, down = centre.unbind(1)
            near = torch.stack([across * right, down * below], 1)
            far = torch.stack([width * right + across * (1 - right), height * below + down * (1 - below)], 1)
            areas.append(torch.cat([near, far], 1))
        return Pieces(torch.stack(others), transforms, torch.stack(areas))

    def __call__(
        self, images: Tensor, target: Tensor, generator: torch.Generator, classes: int | None = None
    ) -> tuple[Tensor, Tensor]:
        """Images alone."""
        return self.transform(images, generator).images(images), target

    def _centre(self, images: Tensor, size: int, generator: torch.Generator) -> Tensor:
        return (size * (0.5 + self.spread * (uniform(images, generator) - 0.5))).round().long()

    @staticmethod
    def _placed(scale: Tensor, centre: Tensor, across: int, down: int, size: tuple[int, int]) -> Transform:
        """The point (across, down) of a scaled image lies at the centre."""
        matrix = identity(len(scale), scale.device)
        matrix[:, 0, 0] = matrix[:, 1, 1] = scale
        matrix[:, :2, 2] = centre.double() - scale[:, None] * scale.new_tensor([across, down])
        return Warp(matrix, "zero", *size)
