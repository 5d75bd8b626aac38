"""Language model: the likeliest next tokens after the last position, p = softmax(logits), and the text that goes on."""

from collections.abc import Mapping
from typing import Annotated, Any, NotRequired, TypedDict

import numpy as np
from numpy.typing import NDArray

from weftnet.base.answers import Shares
from weftnet.tasks._softmax import softmax
from weftnet.tasks._writer import text_of, writer_of

_MOST = 5


class Answer(TypedDict):
    """The schema of an answer: tokens as text, or as numbers where nothing turns them into text."""

    token: str
    probabilities: Annotated[dict[str, float], Shares(exclusive=True, open=True)]
    text: NotRequired[str]


def language_model(outputs: Mapping[str, NDArray[Any]], settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """`token`, the likeliest next one, `probabilities` of the five likeliest, and `text`, what was written.

    Args:
        outputs: of `infer.py`: logits (batch, vocabulary), written (batch, length) tokens, −1 behind their end, and
            ends (batch,), the characters of their text that count.
        settings: `writer` of the task.
    """
    kind = writer_of(settings.get("writer"))

    p = softmax(outputs["logits"])
    order = np.argsort(-p, axis=1, kind="stable")[:, :_MOST]
    answers, every = [], np.full(len(p), -1)
    for tokens, row, written, end in zip(order, p, outputs["written"], outputs.get("ends", every), strict=True):
        shares: dict[str, float] = {}
        for token in tokens:  # several tokens may be the same text
            name = text_of(kind, token[None])
            shares[name] = shares.get(name, 0.0) + float(row[token])
        answers.append({"token": next(iter(shares)), "probabilities": shares})
        if len(written):
            whole = text_of(kind, written[written >= 0])
            answers[-1]["text"] = whole if end < 0 else whole[: int(end)]
    return answers
