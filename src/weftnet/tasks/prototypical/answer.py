"""Prototypical networks: the vector of an example, of length 1; classes are told by how near it is to their means."""

from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from weftnet.tasks._vector import VectorAnswer, unit_vectors

Answer = VectorAnswer


def prototypical(outputs: NDArray[Any], settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """`vector` z / |z|.

    Args:
        outputs: (batch, dim) z.
        settings: not read.
    """
    return unit_vectors(outputs)
