"""Transforms of the plane: drawn once for each example, applied to everything in it that has a place.

    p′ = M p,   p = (x, y, 1) in pixels, pixel (i, j) covers [j, j + 1] × [i, i + 1]

A spatial augmentation draws a `Transform`; each kind moves its values by it (`Kind.moved`): images are interpolated,
masks take the nearest pixel and are void where nothing was, boxes and points go where their corners go.
"""

from abc import ABC, abstractmethod

import torch
from torch import Tensor
from torch.nn import functional as F

from weftnet.data.ways import read_as
from weftnet.errors import SettingError

#: how an image goes on beyond its border, by name → the mode of `F.pad`
BORDERS = {"edge": "replicate", "zero": "constant", "reflect": "reflect"}


class Transform(ABC):
    """One transform for each example.

    Args:
        height: of the images, in pixels.
        width: likewise.
    """

    def __init__(self, height: int, width: int) -> None:
        self.height, self.width = height, width

    @property
    @abstractmethod
    def matrix(self) -> Tensor:
        """(batch, 2, 3) M."""

    @abstractmethod
    def images(self, images: Tensor) -> Tensor:
        """(batch, …, height, width) images, moved; what comes from beyond their border follows the augmentation."""

    @abstractmethod
    def nearest(self, values: Tensor, fill: float) -> Tensor:
        """(batch, …, height, width) classes or marks, moved, never mixed; `fill` comes from beyond the border."""

    def points(self, points: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """(batch, count, 2) points (x, y) moved, and their (batch, count) mask without those that left the image."""
        moved = self._moved(points)
        inside = (moved >= 0).all(-1) & (moved[..., 0] <= self.width) & (moved[..., 1] <= self.height)
        return moved, mask & inside

    def boxes(self, boxes: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """(batch, count, 4) boxes (x₁, y₁, x₂, y₂) around their moved corners, clipped; the mask without empty ones."""
        corners = torch.stack([boxes[..., [0, 1]], boxes[..., [2, 1]], boxes[..., [0, 3]], boxes[..., [2, 3]]], 2)
        moved = self._moved(corners.flatten(1, 2)).view_as(corners)
        limits = moved.new_tensor([self.width, self.height])
        low, high = (each.clamp(min=0).minimum(limits) for each in (moved.amin(2), moved.amax(2)))
        return torch.cat([low, high], -1), mask & (high > low).all(-1)

    def _moved(self, points: Tensor) -> Tensor:
        matrix = self.matrix.to(points)
        return points @ matrix[:, :, :2].mT + matrix[:, None, :, 2]

    def _check(self, values: Tensor) -> None:
        if values.shape[-2:] != (self.height, self.width):
            raise SettingError(
                "what moves together must have one size",
                where="recipe: augment",
                expected=f"{self.height}×{self.width}",
                got="×".join(map(str, values.shape[-2:])),
                fix=f"read images of that size: {read_as('image', {'image': {'size': [self.height, self.width]}})}",
            )


class Mirror(Transform):
    """Some examples mirrored horizontally.

    Args:
        turned: (batch,) which.
        height: of the images, in pixels.
        width: likewise.
    """

    def __init__(self, turned: Tensor, height: int, width: int) -> None:
        super().__init__(height, width)
        self.turned = turned

    @property
    def matrix(self) -> Tensor:
        """x′ = width − x where it is turned."""
        turned = self.turned.double()
        zero = torch.zeros_like(turned)
        across = torch.stack([1 - 2 * turned, zero, turned * self.width], 1)
        return torch.stack([across, torch.stack([zero, zero + 1, zero], 1)], 1)

    def images(self, images: Tensor) -> Tensor:
        """Exact, of any size."""
        return torch.where(_along(self.turned, images), images.flip(-1), images)

    def nearest(self, values: Tensor, fill: float) -> Tensor:
        """Exact; nothing is void."""
        return self.images(values)


class Shift(Transform):
    """Each example shifted by whole pixels.

    Args:
        down: (batch,) the first row of the padded image that is kept, 0 … 2 · padding.
        right: the first column.
        padding: on each side.
        border: what the padding of an image is.
        height: of the images, in pixels.
        width: likewise.
    """

    def __init__(self, down: Tensor, right: Tensor, padding: int, border: str, height: int, width: int) -> None:
        super().__init__(height, width)
        self.down, self.right, self.padding, self.border = down, right, padding, border

    @property
    def matrix(self) -> Tensor:
        """x′ = x + padding − right."""
        shifts = self.padding - torch.stack([self.right, self.down], 1).double()
        return torch.cat([torch.eye(2).to(shifts).expand(len(shifts), 2, 2), shifts[:, :, None]], 2)

    def images(self, images: Tensor) -> Tensor:
        """Exact. Cost: one gather."""
        return self._kept(images, BORDERS[self.border], 0.0)

    def nearest(self, values: Tensor, fill: float) -> Tensor:
        """Exact."""
        return self._kept(values, "constant", fill)

    def _kept(self, values: Tensor, mode: str, fill: float) -> Tensor:
        self._check(values)
        planes = values.reshape(len(values), -1, self.height, self.width)
        padded = F.pad(planes, [self.padding] * 4, mode=mode, value=fill if mode == "constant" else None)
        rows = self.down[:, None] + torch.arange(self.height, device=values.device)
        columns = self.right[:, None] + torch.arange(self.width, device=values.device)
        places = (rows[:, :, None] * padded.shape[3] + columns[:, None, :]).flatten(1)[:, None]
        return padded.flatten(2).gather(2, places.expand(-1, planes.shape[1], -1)).view_as(values)


class Warp(Transform):
    """Each example by its own affine matrix.

    Args:
        matrix: (batch, 2, 3) M, invertible.
        border: what lies beyond the border of an image.
        height: of the images, in pixels.
        width: likewise.
    """

    def __init__(self, matrix: Tensor, border: str, height: int, width: int) -> None:
        super().__init__(height, width)
        self._matrix, self.border = matrix.double(), border

    @property
    def matrix(self) -> Tensor:
        """As it was given."""
        return self._matrix

    def images(self, images: Tensor) -> Tensor:
        """Interpolated linearly."""
        self._check(images)
        sizes = self._matrix.new_tensor([self.width, self.height])
        grid = (2 * self._sources / sizes - 1).to(images)
        mode = {"edge": "border", "zero": "zeros", "reflect": "reflection"}[self.border]
        planes = images.reshape(len(images), -1, self.height, self.width)
        return F.grid_sample(planes, grid, "bilinear", mode, align_corners=False).view_as(images)

    def nearest(self, values: Tensor, fill: float) -> Tensor:
        """The pixel in which the centre of each comes to lie."""
        self._check(values)
        across, down = self._sources.floor().long().unbind(-1)
        inside = (across >= 0) & (across < self.width) & (down >= 0) & (down < self.height)
        places = (down.clamp(0, self.height - 1) * self.width + across.clamp(0, self.width - 1)).flatten(1)[:, None]
        planes = values.reshape(len(values), -1, self.height * self.width)
        moved = planes.gather(2, places.expand_as(planes))
        return moved.where(inside.flatten(1)[:, None], torch.full((), fill, dtype=values.dtype)).view_as(values)

    @property
    def _sources(self) -> Tensor:
        """(batch, height, width, 2) where the centre of each pixel comes from, (x, y)."""
        rows, columns = (
            torch.arange(size, dtype=self._matrix.dtype, device=self._matrix.device) + 0.5
            for size in (self.height, self.width)
        )
        down, across = torch.meshgrid(rows, columns, indexing="ij")
        centres = torch.stack([across, down], -1).view(1, -1, 2) - self._matrix[:, None, :, 2]
        sources: Tensor = centres @ torch.linalg.inv(self._matrix[:, :, :2]).mT
        return sources.view(-1, self.height, self.width, 2)


def _along(flags: Tensor, values: Tensor) -> Tensor:
    """(batch,) flags with as many axes as the values."""
    return flags.view(-1, *[1] * (values.ndim - 1))
