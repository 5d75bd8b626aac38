"""Text to text: the text that was written, and its score."""

from collections.abc import Mapping
from typing import Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from weftnet.data.kinds._kind import Written
from weftnet.tasks._writer import writer_of


class Answer(TypedDict):
    """The schema of an answer."""

    text: str
    score: float


def text_to_text(outputs: Mapping[str, NDArray[Any]], settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """`text`, and its `score`, the log-probability over the length penalty.

    Args:
        outputs: of `infer.py`: written (batch, longest) tokens, padded with 0, and score (batch,).
        settings: `writer` of the task.
    """
    kind = writer_of(settings.get("writer"))

    def text(tokens: NDArray[np.int64]) -> str:
        return kind.text(tokens) if isinstance(kind, Written) else " ".join(map(str, tokens.tolist()))

    pairs = zip(outputs["written"], outputs["score"].tolist(), strict=True)
    return [{"text": text(row[row > 0]), "score": score} for row, score in pairs]
