"""Ranking: the items in the order of their scores, the best first."""

from collections.abc import Mapping
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray


class Answer(TypedDict):
    """The schema of an answer."""

    order: list[int]
    scores: list[float]


def ranking(outputs: NDArray[Any], settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """`order`, the items' numbers counted from 0, and the `scores` of the items as they were given.

    Args:
        outputs: (batch, items, 1) scores.
        settings: of the task.
    """
    scores = outputs.astype(np.float64)[:, :, 0]
    orders = np.argsort(-scores, axis=1, kind="stable")
    return [{"order": order, "scores": row} for order, row in zip(orders.tolist(), scores.tolist(), strict=True)]
