"""Transcription: the text, and where each of its tokens lies."""

from collections.abc import Mapping
from typing import Annotated, Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from weftnet.base.answers import Number
from weftnet.base.pieces import Piece, Pieces
from weftnet.data.kinds._kind import Written
from weftnet.tasks._writer import writer_of


class Answer(TypedDict):
    """The schema of an answer: tokens as text, or as numbers where nothing turns them into text.

    Tokens begin and end at seconds where the rate of the input is known, otherwise at its steps, or columns of pixels.
    """

    text: str
    certainty: Annotated[float, Number(unit="share")]
    tokens: Annotated[list[Piece], Pieces()]


def transcription(outputs: Mapping[str, NDArray[Any]], settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """`text`, the least `certainty` of a token, 1 for no text, and its `tokens`, where each begins and ends.

    Args:
        outputs: of `infer.py`.
        settings: `writer` and `rate` of the task.
    """
    kind, rate = writer_of(settings.get("writer")), settings.get("rate") or 1

    def text(tokens: NDArray[Any]) -> str:
        if not len(tokens):
            return ""
        return kind.text(tokens) if isinstance(kind, Written) else " ".join(map(str, tokens.tolist()))

    answers = []
    rows = zip(*(outputs[name] for name in ("tokens", "certainty", "begins", "ends")), strict=True)
    for tokens, certainty, *places in rows:
        count = int(np.count_nonzero(tokens))
        begins, ends = ([round(each / rate, 4) for each in place[:count].tolist()] for place in places)
        pieces = [text(tokens[place : place + 1]) for place in range(count)]
        found = [
            {"text": piece, "begin": begin, "end": end} for piece, begin, end in zip(pieces, begins, ends, strict=True)
        ]
        certainty = float(certainty[:count].min(initial=1.0))
        answers.append({"text": text(tokens[:count]), "certainty": certainty, "tokens": found})
    return answers
