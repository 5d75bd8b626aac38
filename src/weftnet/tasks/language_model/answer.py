"""Language model: the likeliest next tokens after the last position, p = softmax(logits), and the text that goes on."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Annotated, Any, NotRequired, TypedDict

import numpy as np
from numpy.typing import NDArray

from weftnet.base.answers import Shares
from weftnet.data.kinds import KINDS
from weftnet.data.kinds._kind import Kind, Written
from weftnet.tasks._softmax import softmax

_MOST = 5


class Answer(TypedDict):
    """The schema of an answer: tokens as text, or as numbers where nothing turns them into text."""

    token: str
    probabilities: Annotated[dict[str, float], Shares(exclusive=True, open=True)]
    text: NotRequired[str]


def language_model(outputs: Mapping[str, NDArray[Any]], settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """`token`, the likeliest next one, `probabilities` of the five likeliest, and `text`, what was written.

    Args:
        outputs: of `infer.py`: logits (batch, vocabulary), written (batch, length) tokens.
        settings: `writer` of the task.
    """
    writer = settings.get("writer")
    kind = None if writer is None else _kind(_Same(writer))

    def text(tokens: NDArray[Any]) -> str:
        return kind.text(tokens) if isinstance(kind, Written) else " ".join(map(str, tokens.tolist()))

    p = softmax(outputs["logits"])
    order = np.argsort(-p, axis=1, kind="stable")[:, :_MOST]
    answers = []
    for tokens, row, written in zip(order, p, outputs["written"], strict=True):
        shares: dict[str, float] = {}
        for token in tokens:  # several tokens may be the same text
            name = text(token[None])
            shares[name] = shares.get(name, 0.0) + float(row[token])
        answers.append({"token": next(iter(shares)), "probabilities": shares})
        if len(written):
            answers[-1]["text"] = text(written)
    return answers


class _Same:
    """A state, equal to itself alone: comparing vocabularies would take as long as reading them."""

    def __init__(self, state: Mapping[str, Any]) -> None:
        self.state = state

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.state is self.state

    def __hash__(self) -> int:
        return id(self.state)


@lru_cache(8)
def _kind(writer: _Same) -> Kind:
    """The kind of this state, read once for all questions."""
    kind: Kind = KINDS.get(writer.state["kind"]).from_state(writer.state)
    return kind
