"""Masked tokens: the text with its unknown tokens filled in, p = softmax(logits) over the vocabulary there."""

from collections.abc import Mapping
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from weftnet.data.kinds._kind import Written
from weftnet.tasks._writer import writer_of


class Answer(TypedDict):
    """The schema of an answer: tokens as text, or as numbers where nothing turns them into text."""

    text: str
    filled: list[str]
    certainty: float


def masked(outputs: Mapping[str, NDArray[Any]], settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """`text`, the tokens `filled` in, in their order, and how likely they are: the mean of their probabilities.

    The certainty of a text without an unknown token is 1.

    Args:
        outputs: of `infer.py`: filled, share, unknown and real, all (batch, time).
        settings: `writer` of the task.
    """
    kind = writer_of(settings.get("writer"))

    def text(tokens: NDArray[Any]) -> str:
        return kind.text(tokens) if isinstance(kind, Written) else " ".join(map(str, tokens.tolist()))

    answers = []
    for tokens, share, unknown, real in zip(*(outputs[n] for n in ("filled", "share", "unknown", "real")), strict=True):
        certainty = float(np.mean(share[unknown])) if unknown.any() else 1.0
        new = [text(tokens[place : place + 1]) for place in np.flatnonzero(unknown)]
        answers.append({"text": text(tokens[real]), "filled": new, "certainty": certainty})
    return answers
