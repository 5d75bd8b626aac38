"""Transforms of the plane: drawn once for each example, applied to everything in it that has a place.

    (u, v, w) = M (x, y, 1),   p′ = (u / w, v / w)   in pixels, pixel (i, j) covers [j, j + 1] × [i, i + 1]

w is 1 but for a change of perspective. A spatial augmentation draws a `Transform`; each kind moves its values by it
(`Kind.moved`): images are interpolated, masks take the nearest pixel and are void where nothing was, boxes and points
go where their corners go, and what stands beside them – a box's class – goes with them. `pieces.py` has the transform
that puts an image together of several.
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
        """(batch, 3, 3) M; w > 0 all over the image."""

    @abstractmethod
    def images(self, images: Tensor) -> Tensor:
        """(batch, …, height, width) images, moved; what comes from beyond their border follows the augmentation."""

    @abstractmethod
    def nearest(self, values: Tensor, fill: float) -> Tensor:
        """(batch, …, height, width) classes or marks, moved, never mixed; `fill` comes from beyond the border."""

    def points(self, points: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """(batch, count, 2) points (x, y) moved, and their (batch, count) mask without those that left the image."""
        moved = self.places(points)
        inside = (moved >= 0).all(-1) & (moved[..., 0] <= self.width) & (moved[..., 1] <= self.height)
        return moved, mask & inside

    def boxes(self, boxes: Tensor, mask: Tensor, least: float = 0.0) -> tuple[Tensor, Tensor]:
        """(batch, count, 4) boxes (x₁, y₁, x₂, y₂) around their moved corners, clipped to the image.

        Args:
            boxes: those of each example, padded.
            mask: (batch, count) which count; afterwards, those of which something is left.
            least: the share of a moved box's area that must be left, or else it counts no more.
        """
        limits = self.matrix.new_tensor([0, 0, self.width, self.height]).to(boxes)
        return clipped(self.around(boxes), limits, mask, least)

    def beside(self, values: Tensor) -> Tensor:
        """(batch, count, …) what belongs to points or boxes, such as their classes, in the order of the moved ones."""
        return values

    def shares(self, count: int) -> Tensor | None:
        """All of each is to be seen."""
        return None

    def places(self, points: Tensor) -> Tensor:
        """(batch, count, 2) points moved, wherever they come to lie."""
        matrix = self.matrix.to(points)
        moved = points @ matrix[:, :, :2].mT + matrix[:, None, :, 2]
        return moved[..., :2] / moved[..., 2:]

    def around(self, boxes: Tensor) -> Tensor:
        """(batch, count, 4) boxes around the moved corners of boxes, not clipped."""
        corners = torch.stack([boxes[..., [0, 1]], boxes[..., [2, 1]], boxes[..., [0, 3]], boxes[..., [2, 3]]], 2)
        moved = self.places(corners.flatten(1, 2)).view_as(corners)
        return torch.cat([moved.amin(2), moved.amax(2)], -1)

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
        matrix = identity(len(self.turned), self.turned.device)
        matrix[:, 0, 0] -= 2 * self.turned
        matrix[:, 0, 2] += self.turned * self.width
        return matrix

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
        matrix = identity(len(self.down), self.down.device)
        matrix[:, :2, 2] = (self.padding - torch.stack([self.right, self.down], 1)).to(matrix)
        return matrix

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


class Turn(Transform):
    """Each example turned clockwise by right angles about its middle.

    Args:
        quarters: (batch,) how many, 0 to 3; even where height and width differ.
        height: of the images, in pixels.
        width: likewise.
    """

    def __init__(self, quarters: Tensor, height: int, width: int) -> None:
        super().__init__(height, width)
        self.quarters = quarters

    @property
    def matrix(self) -> Tensor:
        """One of four."""
        high, wide = float(self.height), float(self.width)
        four = [
            [[1, 0, 0], [0, 1, 0], [0, 0, 1]], [[0, -1, high], [1, 0, 0], [0, 0, 1]],
            [[-1, 0, wide], [0, -1, high], [0, 0, 1]], [[0, 1, 0], [-1, 0, wide], [0, 0, 1]],
        ]  # fmt: skip
        return torch.tensor(four, dtype=torch.float64, device=self.quarters.device)[self.quarters]

    def images(self, images: Tensor) -> Tensor:
        """Exact, of any size."""
        moved = torch.where(_along(self.quarters == 2, images), images.rot90(2, (-2, -1)), images)
        if self.height == self.width:  # of other images none is turned so
            for quarters in (1, 3):
                moved = torch.where(_along(self.quarters == quarters, images), images.rot90(-quarters, (-2, -1)), moved)
        return moved

    def nearest(self, values: Tensor, fill: float) -> Tensor:
        """Exact; nothing is void."""
        return self.images(values)


class Warp(Transform):
    """Each example by its own matrix: turned, scaled, sheared, seen from another side.

    Args:
        matrix: (batch, 3, 3) M, invertible, or (batch, 2, 3) without the last row, which is then (0, 0, 1).
        border: what lies beyond the border of an image.
        height: of the images, in pixels.
        width: likewise.
    """

    def __init__(self, matrix: Tensor, border: str, height: int, width: int) -> None:
        super().__init__(height, width)
        whole = identity(len(matrix), matrix.device)
        whole[:, : matrix.shape[1]] = matrix
        self._matrix, self.border = whole, border

    @property
    def matrix(self) -> Tensor:
        """(batch, 3, 3) as it was given."""
        return self._matrix

    def images(self, images: Tensor) -> Tensor:
        """Interpolated linearly; what does not move stays exactly as it is."""
        self._check(images)
        sizes = self._matrix.new_tensor([self.width, self.height])
        grid = (2 * self._sources / sizes - 1).to(images)
        mode = {"edge": "border", "zero": "zeros", "reflect": "reflection"}[self.border]
        planes = images.reshape(len(images), -1, self.height, self.width)
        moved = F.grid_sample(planes, grid, "bilinear", mode, align_corners=False).view_as(images)
        still = (self._matrix == identity(1, self._matrix.device)).all((1, 2))
        return torch.where(_along(still, images), images, moved)

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
        centres = torch.stack([across, down, torch.ones_like(down)], -1).view(1, -1, 3)
        sources = centres @ torch.linalg.inv(self._matrix).mT
        places: Tensor = sources[..., :2] / sources[..., 2:]
        return places.view(-1, self.height, self.width, 2)


def identity(count: int, device: torch.device | str = "cpu") -> Tensor:
    """(count, 3, 3) matrices by which nothing moves."""
    return torch.eye(3, dtype=torch.float64, device=device).repeat(count, 1, 1)


def clipped(boxes: Tensor, limits: Tensor, mask: Tensor, least: float) -> tuple[Tensor, Tensor]:
    """Boxes (…, 4) within limits (…, 4), and their mask without those of which at most the share `least` is left."""
    near, far = limits[..., :2], limits[..., 2:]
    low, high = (each.maximum(near).minimum(far) for each in (boxes[..., :2], boxes[..., 2:]))
    left, whole = ((each[..., 2:] - each[..., :2]).prod(-1) for each in (torch.cat([low, high], -1), boxes))
    return torch.cat([low, high], -1), mask & (high > low).all(-1) & (left > least * whole)


def _along(flags: Tensor, values: Tensor) -> Tensor:
    """(batch,) flags with as many axes as the values."""
    return flags.view(-1, *[1] * (values.ndim - 1))
