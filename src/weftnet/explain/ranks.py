"""Ranks, their correlation, and the edges of an image."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]


def ranks(values: NDArray[Any]) -> Numbers:
    """Ranks, counted from 1; equal values share the mean of their ranks."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = counts.cumsum()
    shared: Numbers = (last - (counts - 1) / 2)[inverse.reshape(-1)].astype(np.float64)
    return shared


def rank_correlation(a: NDArray[Any], b: NDArray[Any]) -> float:
    """Spearman's ρ: the correlation of the ranks; 0 where one side is constant."""
    first, second = ranks(a.reshape(-1)), ranks(b.reshape(-1))
    first, second = first - first.mean(), second - second.mean()
    scale = float(np.sqrt((first @ first) * (second @ second)))
    return float(first @ second) / scale if scale > 0 else 0.0


def sobel(image: NDArray[Any]) -> Numbers:
    """The gradient magnitude of an image (height, width): √(gₓ² + g_y²), edges repeated beyond the border.

    gₓ = [1 2 1]ᵀ · [−1 0 1],  g_y = gₓᵀ.   Source: I. Sobel, G. Feldman, 1968, as in R. Duda, P. Hart, Pattern
    classification and scene analysis, 1973, p. 271.
    """
    padded = np.pad(image.astype(np.float64), 1, mode="edge")

    def slope(p: Numbers) -> Numbers:
        difference = p[:, 2:] - p[:, :-2]
        smoothed: Numbers = difference[:-2] + 2 * difference[1:-1] + difference[2:]
        return smoothed

    magnitude: Numbers = np.hypot(slope(padded), slope(padded.T).T)
    return magnitude
