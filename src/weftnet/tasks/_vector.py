"""Answers that are a vector of length 1, so that a product of two is the cosine between them. NumPy alone."""

from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray


class VectorAnswer(TypedDict):
    """The schema of an answer."""

    vector: list[float]


def unit_vectors(outputs: NDArray[Any]) -> list[dict[str, Any]]:
    """`vector` z / |z|, or zeros for zeros.

    Args:
        outputs: (batch, dim) z.
    """
    z = outputs.astype(np.float64)
    length = np.linalg.norm(z, axis=1, keepdims=True)
    return [{"vector": each} for each in (z / np.where(length > 0, length, 1.0)).tolist()]
