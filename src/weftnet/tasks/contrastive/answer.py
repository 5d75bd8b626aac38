"""Contrastive learning: the vector of an example, of length 1."""

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from weftnet.tasks._vector import VectorAnswer, unit_vectors

Answer = VectorAnswer


def contrastive(outputs: NDArray[Any], settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """`vector` z / |z|.

    Args:
        outputs: (batch, dim) z.
        settings: not read.
    """
    return unit_vectors(outputs)
