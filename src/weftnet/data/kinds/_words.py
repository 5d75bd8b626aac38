"""A raw value in words, as a figure."""

from typing import Any

import numpy as np

from weftnet.base.figures import Text

#: numbers of a list that are shown
_NUMBERS = 8


def words(value: Any) -> Text:
    """A value, or a list of them, as words."""
    if isinstance(value, list | tuple) and all(isinstance(each, str) for each in value):
        return Text(", ".join(value))
    if isinstance(value, np.ndarray | list):
        shown = ", ".join(f"{number:.4g}" for number in np.ravel(value)[:_NUMBERS].tolist())
        return Text(shown + " …" * (np.size(value) > _NUMBERS))
    return Text(f"{value:.6g}" if isinstance(value, float) else str(value))
