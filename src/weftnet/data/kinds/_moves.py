"""How values are moved with their image, for kinds, which don't import torch: see `geometry.py`."""

from typing import Protocol, TypeVar

#: tensors of torch
Moving = TypeVar("Moving")


class Moves(Protocol[Moving]):
    """One transform of the plane for each example of a batch; places are in pixels."""

    height: int
    width: int

    def images(self, images: Moving) -> Moving:
        """(batch, …, height, width) moved, interpolated."""

    def nearest(self, values: Moving, fill: float) -> Moving:
        """(batch, …, height, width) moved, the nearest pixel; `fill` where nothing was."""

    def points(self, points: Moving, mask: Moving) -> tuple[Moving, Moving]:
        """(batch, count, 2) points (x, y) moved; their (batch, count) mask without those outside."""

    def boxes(self, boxes: Moving, mask: Moving, least: float = 0.0) -> tuple[Moving, Moving]:
        """(batch, count, 4) boxes (x₁, y₁, x₂, y₂) moved and clipped; their (batch, count) mask without empty ones.

        `least` is the share of a box's area that must be left of it.
        """

    def beside(self, values: Moving) -> Moving:
        """(batch, count, …) what belongs to points or boxes, such as their classes, in the order of the moved ones.

        Where an image is put together of several, there are more of them afterwards.
        """

    def shares(self, count: int) -> Moving | None:
        """(batch, n) how much is to be seen of each of the moved points or boxes, of which there were so many.

        None where all of each is.
        """
