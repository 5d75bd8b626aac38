"""Tagging: the tag of every word, and the spans that the tags mark."""

from collections.abc import Mapping
from typing import Annotated, Any, TypedDict

import numpy as np
from numpy.typing import NDArray

from weftnet.base.answers_of_words import Listing, Marks
from weftnet.base.spans import marked, spans
from weftnet.tasks._writer import writer_of


class Answer(TypedDict):
    """The schema of an answer."""

    tags: Annotated[list[str], Marks(words="words")]
    words: Annotated[list[str], Listing()]
    spans: Annotated[list[dict[str, Any]], Listing()]
    certainty: float


def tagging(outputs: Mapping[str, NDArray[Any]], settings: Mapping[str, Any]) -> list[dict[str, Any]]:
    """`tags` of the `words`, `spans`, and how likely the least certain tag is: `certainty`.

    The words are as the network reads them: � stands for letters that it doesn't know, and for the middle of a very
    long one. A span has its type, its text, the places of its first word and of the word behind its last one, counted
    from 0, and the probability of its least certain tag. Tags that mark no spans give none.

    Args:
        outputs: of `infer.py`: tags and share (batch, time), words (batch, time, …).
        settings: `labels`, `strict` and `writer` of the task.
    """
    labels: list[str] = settings["labels"]
    strict, marks = bool(settings.get("strict")), marked(settings["labels"])
    kind: Any = writer_of(settings.get("writer"))
    answers = []
    for tags, share, read in zip(outputs["tags"], outputs["share"], outputs["words"], strict=True):
        real = tags >= 0
        names, p = [labels[tag] for tag in tags[real].tolist()], share[real]
        words = list(map(str, np.flatnonzero(real))) if kind is None else kind.decode(read[None])[0]
        found = [
            {"type": of, "text": " ".join(words[first:last]), "first": first, "last": last,
             "probability": float(p[first:last].min())}
            for of, first, last in (spans(names, strict) if marks else [])
        ]  # fmt: skip
        answers.append({"tags": names, "words": words, "spans": found, "certainty": float(p.min(initial=1.0))})
    return answers
