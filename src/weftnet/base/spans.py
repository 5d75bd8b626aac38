"""Spans of words from tags that mark where they begin and go on.

    B-PER I-PER O B-LOC   →   PER: words 0 to 2, LOC: word 3

B begins a span, I goes on in one, E ends one and S is one by itself; O is outside. As the CoNLL tasks count
(`conlleval`), a span also begins at an I or E that none precedes, or another type. `strict`: only B begins one, and
what no B precedes is none (IOB2).

Tags without marks, such as parts of speech: every word is a span of its own.
"""

from collections.abc import Iterable, Sequence
from typing import TypeAlias

#: type, first word, and the word behind the last one
SpanOf: TypeAlias = tuple[str, int, int]

OUTSIDE = "O"
_MARKS = ("B", "I", "E", "S")


def marked(labels: Iterable[str]) -> bool:
    """Whether tags mark spans: each is O or has a mark, and some have B or I."""
    inside = [label for label in labels if label != OUTSIDE]
    return all(_split(label)[0] for label in inside) and any(label[0] in "BI" for label in inside)


def spans(tags: Sequence[str], strict: bool = False, marks: bool = True) -> list[SpanOf]:
    """The spans of a sentence, in order.

    Args:
        tags: of its words.
        strict: whether only B begins a span.
        marks: whether the tags mark spans; otherwise each word is one.
    """
    if not marks:
        return [(tag, place, place + 1) for place, tag in enumerate(tags)]
    found: list[SpanOf] = []
    begun: tuple[str, int] | None = None
    before, kind_before = OUTSIDE, ""
    for place, tag in enumerate([*tags, OUTSIDE]):
        mark, kind = _split(tag)
        goes_on = begun is not None and mark in ("I", "E") and kind == kind_before and before in ("B", "I")
        if begun is not None and not goes_on:
            found.append((*begun, place))
            begun = None
        if begun is None and (mark in ("B", "S") if strict else bool(mark)):
            begun = kind, place
        before, kind_before = mark or OUTSIDE, kind
    return found


def _split(tag: str) -> tuple[str, str]:
    """The mark and the type of a tag; ("", "") outside."""
    mark, dash, kind = tag.partition("-")
    return (mark, kind or "_") if mark in _MARKS and (dash or tag == mark) else ("", "")
