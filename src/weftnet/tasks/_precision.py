"""Precision, recall and F1 from counts.

    precision = hits / predicted      recall = hits / examples      F1 = 2 · hits / (predicted + examples)

NaN where nothing was predicted, where there are no examples, and where there is neither.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def precision_recall_f1(
    hits: NDArray[Any], examples: NDArray[Any], predicted: NDArray[Any]
) -> tuple[Floats, Floats, Floats]:
    """Each (classes), from counts (classes) of right predictions, of examples and of predictions."""
    return _share(hits, predicted), _share(hits, examples), _share(2 * hits, predicted + examples)


def _share(part: NDArray[Any], whole: NDArray[Any]) -> Floats:
    shares: Floats = np.where(whole > 0, part / np.maximum(whole, 1), np.nan)
    return shares
