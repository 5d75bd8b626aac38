"""Masks over images: an image in grey, each class in its colour, and white where an answer is wrong."""

import colorsys

import numpy as np
from numpy.typing import NDArray

#: share of the colour where a mask lies over an image; the golden ratio, which sets neighbouring hues far apart
_COLOUR, _GOLDEN = 0.55, 0.618034


def palette(classes: int) -> NDArray[np.float64]:
    """(classes, 3) colours in 0 … 255, as different as can be."""
    hues = (np.arange(classes) * _GOLDEN) % 1.0
    return 255 * np.array([colorsys.hsv_to_rgb(hue, 0.75, 0.95 - 0.3 * (k % 2)) for k, hue in enumerate(hues)])


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
    grey = image.astype(np.float64).mean(0)
    grey = 255 * (grey - grey.min()) / max(float(np.ptp(grey)), 1e-12)
    colours = palette(int(classes.max(initial=0)) + 1)[classes]
    colours = np.where(wrong[..., None], 255.0, colours)
    mixed = (1 - _COLOUR) * grey[..., None] + _COLOUR * np.where(counts[..., None], colours, grey[..., None])
    pixels: NDArray[np.uint8] = mixed.round().astype(np.uint8)
    return pixels
