"""A raw value in words, as a figure."""

from typing import Any

import numpy as np

from weftnet.base.figures import Text

#: numbers of a list that are shown
_NUMBERS = 8


def words(value: Any) -> Text:
    """A value, or a list of them, as words."""
    if isinstance(value, np.ndarray | list | tuple):
        several = np.ravel(np.asarray(value, object)).tolist()
        shown = several if all(isinstance(each, str) for each in several) else several[:_NUMBERS]
        return Text(", ".join(map(_word, shown)) + " …" * (len(shown) < len(several)))
    return Text(f"{value:.6g}" if isinstance(value, float) else str(value))


def _word(value: Any) -> str:
    return value if isinstance(value, str) else f"{value:.4g}"
