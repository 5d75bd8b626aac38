"""softmax(x)_k = exp(x_k − max x) / Σ_j exp(x_j − max x), in double precision."""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def softmax(logits: NDArray[Any]) -> NDArray[np.float64]:
    """Probabilities along the last axis."""
    shifted = np.exp(logits.astype(np.float64) - logits.max(-1, keepdims=True))
    shares: NDArray[np.float64] = shifted / shifted.sum(-1, keepdims=True)
    return shares
