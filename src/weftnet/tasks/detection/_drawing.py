"""Boxes over a picture in grey, each in the colour of its class, with its name."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from weftnet.tasks._colours import greyed, palette

#: pixels of the longer side that a picture is enlarged to, at least
_SIDE = 320


def drawn(image: NDArray[np.floating], boxes: NDArray[np.float64], labels: Sequence[str]) -> NDArray[np.uint8]:
    """(height, width, 3) a picture under boxes.

    Args:
        image: (channels, height, width) of any range.
        boxes: (n, 5) corners in pixels, and the place of the class.
        labels: names of the classes.
    """
    from PIL import Image, ImageDraw

    grey = greyed(image)
    factor = max(1, _SIDE // max(grey.shape))
    picture = Image.fromarray(np.repeat(np.repeat(grey.round().astype(np.uint8), factor, 0), factor, 1)).convert("RGB")
    pen, colours = ImageDraw.Draw(picture), palette(len(labels)).round().astype(int)
    for left, top, right, bottom, label in boxes.tolist():
        red, green, blue = colours[int(label)].tolist()
        right, bottom = max(right * factor - 1, left * factor), max(bottom * factor - 1, top * factor)
        pen.rectangle((left * factor, top * factor, right, bottom), outline=(red, green, blue), width=2)
        pen.text((left * factor + 3, top * factor + 1), labels[int(label)], fill=(red, green, blue))
    pixels: NDArray[np.uint8] = np.asarray(picture)
    return pixels
