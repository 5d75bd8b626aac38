"""Boxes as frames on a picture."""

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from weftnet.base.figures import Picture

#: pixels of the longer side that a picture is enlarged to, about
_SIDE = 160
#: of the classes, in turn
_COLOURS = ((230, 60, 60), (60, 160, 230), (240, 180, 40), (90, 200, 110), (200, 90, 220), (120, 220, 220))


@runtime_checkable
class Overlaid(Protocol):
    """A kind whose values are seen best on the picture that they belong to."""

    def over(self, picture: Picture, value: Any) -> Picture:
        """A picture with a raw value on it."""


def framed(pixels: NDArray[np.uint8], corners: Sequence[Sequence[float]], places: Sequence[int]) -> NDArray[np.uint8]:
    """(height, width, 3) a picture, enlarged, with a frame for each box in the colour of its class.

    Args:
        pixels: (height, width) or (height, width, 3).
        corners: (x₁, y₁, x₂, y₂) of each box, in pixels.
        places: of its class.
    """
    factor = max(1, _SIDE // max(pixels.shape[:2]))
    colour = pixels if pixels.ndim == 3 else np.repeat(pixels[..., None], 3, 2)
    large = np.repeat(np.repeat(colour, factor, 0), factor, 1)
    for (left, top, right, bottom), place in zip(corners, places, strict=True):
        x1, y1, x2, y2 = (round(each * factor) for each in (left, top, right, bottom))
        inside = np.zeros(large.shape[:2], np.bool_)
        inside[y1:y2, x1:x2] = True
        inside[y1 + 2 : y2 - 2, x1 + 2 : x2 - 2] = False
        large[inside] = _COLOURS[place % len(_COLOURS)]
    return large
