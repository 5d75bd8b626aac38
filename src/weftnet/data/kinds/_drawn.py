"""The boxes drawn in one picture, as a raw value: in pixels of that picture, whose size goes with them.

    {"size": [height, width], "boxes": [[x1, y1, x2, y2], …], "labels": ["cat", …]}        as people write it in memory

x runs from the left edge, y from the upper one; pixel (i, j) covers [j, j + 1] × [i, i + 1], so that a box around a
whole picture is (0, 0, width, height).
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

Corners: TypeAlias = tuple[float, float, float, float]
#: what became of a box in its picture
Fate: TypeAlias = Literal["inside", "clipped", "empty", "outside"]
#: pixels by which a box may reach beyond its picture by rounding alone
_ROUNDING = 0.01


@dataclass(frozen=True)
class Drawn:
    """Boxes and their labels.

    Args:
        height: of the picture, in pixels.
        width: likewise.
        corners: (x₁, y₁, x₂, y₂) of each box, inside the picture.
        labels: of each box.
    """

    height: int
    width: int
    corners: tuple[Corners, ...] = ()
    labels: tuple[str, ...] = ()

    def __str__(self) -> str:
        """`12 RBC, 1 WBC`: how many of each label."""
        return ", ".join(f"{count} {label}" for label, count in Counter(self.labels).most_common()) or "no box"


def settled(corners: Sequence[float], height: int, width: int) -> tuple[Corners, Fate]:
    """A box clipped to its picture, and what became of it.

    Raises:
        ValueError: these are no corners: a number is missing or not finite, or left and right are swapped.
    """
    if len(corners) != 4 or not all(math.isfinite(each) for each in corners):
        raise ValueError("expected four finite numbers")
    left, top, right, bottom = (float(each) for each in corners)
    if right < left or bottom < top:
        raise ValueError("its right edge is left of its left one, or its bottom above its top")
    low = max(left, 0.0), max(top, 0.0)
    high = min(right, float(width)), min(bottom, float(height))
    clipped = (*low, *high)
    if right == left or bottom == top:
        return clipped, "empty"
    if high[0] <= low[0] or high[1] <= low[1]:
        return clipped, "outside"
    beyond = max(-left, -top, right - width, bottom - height)
    return clipped, "clipped" if beyond > _ROUNDING else "inside"


def drawn_of(value: Any) -> Drawn:
    """A raw value as boxes.

    Raises:
        ValueError: it is none, or a box is empty or outside of its picture.
    """
    if isinstance(value, Drawn):
        return value
    if not isinstance(value, Mapping) or not {"size", "boxes", "labels"} <= value.keys():
        raise ValueError("expected {size: [height, width], boxes: [[x1, y1, x2, y2], …], labels: […]}")
    size, labels = list(value["size"]), [str(label) for label in value["labels"]]
    if len(size) != 2 or not all(isinstance(side, int) and side > 0 for side in size):
        raise ValueError(f"size: expected [height, width], got {value['size']!r}")
    boxes = [[float(each) for each in box] for box in value["boxes"]]
    if len(labels) != len(boxes):
        raise ValueError(f"expected a label for each box, got {len(labels)} labels and {len(boxes)} boxes")
    corners = []
    for number, box in enumerate(boxes):
        own, fate = settled(box, *size)
        if fate in ("empty", "outside"):
            raise ValueError(f"box {number} is {'of no area' if fate == 'empty' else 'outside of its picture'}")
        corners.append(own)
    return Drawn(size[0], size[1], tuple(corners), tuple(labels))
