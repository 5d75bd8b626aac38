"""Prototypical networks: the vector of an example, of length 1; classes are told by how near it is to their means."""

from collections.abc import Mapping
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray


class Answer(TypedDict):
    """The schema of an answer."""

    vector: list[float]


def prototypical(outputs: NDArray[Any], settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """`vector` f, as the network gives it.

    Args:
        outputs: (batch, dim) f.
        settings: not read.
    """
    return [{"vector": each} for each in outputs.astype(np.float64).tolist()]
