"""Language model: the five likeliest next tokens after the last position, p = softmax(logits)."""

from collections.abc import Mapping
from typing import Annotated, Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from weftnet.base.answers import Shares
from weftnet.tasks._softmax import softmax

_MOST = 5


class Answer(TypedDict):
    """The schema of an answer."""

    token: int
    probabilities: Annotated[dict[int, float], Shares(exclusive=True)]


def language_model(outputs: NDArray[Any], settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """`token`, the likeliest next one, and `probabilities` of the five likeliest.

    Args:
        outputs: (batch, time, vocabulary) logits.
        settings: of the task; none is needed.
    """
    p = softmax(outputs[:, -1])
    order = np.argsort(-p, axis=1, kind="stable")[:, :_MOST]
    return [
        {"token": tokens[0], "probabilities": {token: float(row[token]) for token in tokens}}
        for tokens, row in zip(order.tolist(), p, strict=True)
    ]
