"""Masks over images: an image in grey, each class in its colour, and white where an answer is wrong."""

import numpy as np
from numpy.typing import NDArray

from weftnet.tasks._colours import greyed, palette

#: share of the colour where a mask lies over an image
_COLOUR = 0.55


def overlay(
    image: NDArray[np.floating], classes: NDArray[np.int64], counts: NDArray[np.bool_], wrong: NDArray[np.bool_]
) -> NDArray[np.uint8]:
    """(height, width, 3) an image under its classes.

    Args:
        image: (channels, height, width) of any range; its darkest and brightest values become black and white.
        classes: (height, width) the places of the classes.
        counts: (height, width) which pixels have a class; others stay grey.
        wrong: (height, width) which pixels are white.
    """
    grey = greyed(image)
    colours = palette(int(classes.max(initial=0)) + 1)[classes]
    colours = np.where(wrong[..., None], 255.0, colours)
    mixed = (1 - _COLOUR) * grey[..., None] + _COLOUR * np.where(counts[..., None], colours, grey[..., None])
    pixels: NDArray[np.uint8] = mixed.round().astype(np.uint8)
    return pixels
