"""Colours of classes, and a picture in grey to lay them over."""

import colorsys

import numpy as np
from numpy.typing import NDArray

#: the golden ratio, which sets neighbouring hues far apart
_GOLDEN = 0.618034


def palette(classes: int) -> NDArray[np.float64]:
    """(classes, 3) colours in 0 … 255, as different as can be."""
    hues = (np.arange(classes) * _GOLDEN) % 1.0
    return 255 * np.array([colorsys.hsv_to_rgb(hue, 0.75, 0.95 - 0.3 * (k % 2)) for k, hue in enumerate(hues)])


def greyed(image: NDArray[np.floating]) -> NDArray[np.float64]:
    """(height, width) in 0 … 255 of an image (channels, height, width) whose darkest value becomes black."""
    grey = image.astype(np.float64).mean(0)
    stretched: NDArray[np.float64] = 255 * (grey - grey.min()) / max(float(np.ptp(grey)), 1e-12)
    return stretched
