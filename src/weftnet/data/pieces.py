"""An image put together of pieces of several: each piece shows a part of another example, moved by a transform.

    image′[n] at pixel q = (T_k image[partner(k, n)]) at q   where q lies in area k of example n

The areas of an example cover it without overlap. Points and boxes of all partners come along, each clipped to the area
that shows it, one partner's behind the other's: there are as many times more of them as pieces.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from weftnet.data.geometry import Transform, clipped


class Pieces:
    """Transforms of several examples into one; it moves values as a `Transform` does.

    Args:
        partners: (pieces, batch) the example that each piece shows.
        transforms: of each piece, one transform for each example of the batch.
        areas: (pieces, batch, 4) of whole pixels (x₁, y₁, x₂, y₂), which together cover the image.
    """

    def __init__(self, partners: Tensor, transforms: Sequence[Transform], areas: Tensor) -> None:
        self.partners, self.transforms, self.areas = partners, transforms, areas
        self.height, self.width = transforms[0].height, transforms[0].width

    def images(self, images: Tensor) -> Tensor:
        """(batch, …, height, width) images, interpolated as each transform does."""
        return self._joined([each.images(images[there]) for there, each in self._each()])

    def nearest(self, values: Tensor, fill: float) -> Tensor:
        """(batch, …, height, width) classes or marks; `fill` where a piece shows what lies beyond its image."""
        return self._joined([each.nearest(values[there], fill) for there, each in self._each()])

    def points(self, points: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """(batch, pieces · count, 2) the points of all partners, and the mask of those within their piece."""
        moved, inside = [], []
        for (there, each), area in zip(self._each(), self.areas, strict=True):
            place, limits = each.places(points[there]), area[:, None].to(points)
            moved.append(place)
            inside.append(mask[there] & ((place >= limits[..., :2]) & (place <= limits[..., 2:])).all(-1))
        return torch.cat(moved, 1), torch.cat(inside, 1)

    def boxes(self, boxes: Tensor, mask: Tensor, least: float = 0.0) -> tuple[Tensor, Tensor]:
        """(batch, pieces · count, 4) the boxes of all partners, clipped to their piece; as `Transform.boxes`."""
        found = [
            clipped(each.around(boxes[there]), area[:, None].to(boxes), mask[there], least)
            for (there, each), area in zip(self._each(), self.areas, strict=True)
        ]
        moved, inside = zip(*found, strict=True)
        return torch.cat(moved, 1), torch.cat(inside, 1)

    def beside(self, values: Tensor) -> Tensor:
        """(batch, pieces · count, …) what belongs to the points or boxes of all partners."""
        return torch.cat([values[there] for there in self.partners], 1)

    def shares(self, count: int) -> Tensor | None:
        """All of each is to be seen."""
        return None

    def _each(self) -> Sequence[tuple[Tensor, Transform]]:
        return list(zip(self.partners, self.transforms, strict=True))

    def _joined(self, pieces: Sequence[Tensor]) -> Tensor:
        """Of each pixel the piece in whose area it lies."""
        joined = pieces[0]
        rows, columns = (torch.arange(size, device=joined.device) for size in (self.height, self.width))
        for piece, (left, top, right, bottom) in zip(pieces[1:], self.areas[1:].movedim(-1, 1), strict=True):
            high = (rows >= top[:, None]) & (rows < bottom[:, None])
            wide = (columns >= left[:, None]) & (columns < right[:, None])
            inside = high[:, :, None] & wide[:, None, :]
            joined = torch.where(inside.view(-1, *[1] * (joined.ndim - 3), self.height, self.width), piece, joined)
        return joined
