"""Strength as colour: red speaks for the target, blue against it, nothing is clear."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

#: they stay readable over light and dark
FOR, AGAINST = (214, 60, 82), (47, 120, 212)


def shares(values: NDArray[Any]) -> NDArray[np.float64]:
    """−1 … 1: attributions divided by the largest magnitude; zeros where there is nothing."""
    largest = float(np.abs(values).max(initial=0.0))
    return np.asarray(values, np.float64) / (largest or 1.0)


def wash(share: float, most: float = 0.75) -> str:
    """A CSS colour for a share, clear at 0."""
    red, green, blue = FOR if share >= 0 else AGAINST
    return f"rgba({red},{green},{blue},{abs(share) * most:.3f})"
