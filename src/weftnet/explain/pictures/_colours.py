"""Attributions as colours: red speaks for the target, blue against it, zero is transparent."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

#: readable on light and dark backgrounds
FOR, AGAINST = (214, 60, 82), (47, 120, 212)


def shares(values: NDArray[Any]) -> NDArray[np.float64]:
    """Attributions divided by the largest magnitude, in −1 … 1; zeros where all are zero."""
    largest = float(np.abs(values).max(initial=0.0))
    return np.asarray(values, np.float64) / (largest or 1.0)


def tint(share: float, max_opacity: float = 0.75) -> str:
    """A CSS colour for a share, transparent at 0."""
    red, green, blue = FOR if share >= 0 else AGAINST
    return f"rgba({red},{green},{blue},{abs(share) * max_opacity:.3f})"
