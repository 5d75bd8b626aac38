"""What kinds of lists share: a sentence's words and their tags are read and cut alike, so that they stay aligned.

A list is one of words, or a text with blanks between them. Rows are as long as the longest training row and a quarter
more, in steps of eight, at most 512: what a longer one has beyond is left out, of words and tags alike.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from weftnet.data.kinds._kind import BadValue

_STEP, _LONGEST = 8, 512


def as_list(row: int, value: Any) -> list[str]:
    """The entries of a raw value; none where it is missing.

    Raises:
        BadValue: it is neither a text nor a list of words.
    """
    if value is None or (isinstance(value, float) and value != value):
        return []
    if isinstance(value, str):
        return value.split()
    if isinstance(value, list | tuple | np.ndarray) and all(isinstance(each, str) for each in value):
        return [str(each) for each in value]
    raise BadValue(row, "this is no list of words", expected='["Ada", "wrote", "it"]', got=repr(value)[:80])


def lists(values: Any) -> Iterator[list[str]]:
    """The entries of each row.

    Raises:
        BadValue: a row is neither a text nor a list of words.
    """
    return (as_list(row, value) for row, value in enumerate(values))


def room(lengths: Sequence[int]) -> int:
    """The length that rows are given."""
    longest = max(lengths, default=1)
    return min(_LONGEST, -(-(longest + longest // 4) // _STEP) * _STEP) or _STEP


def are_lists(values: list[Any]) -> bool:
    """Whether every row is a list of words."""
    return all(isinstance(value, list | tuple) and all(isinstance(each, str) for each in value) for value in values)


def repeats(values: list[Any]) -> bool:
    """Whether a row has a word twice: then the rows are no sets."""
    return any(len(set(value)) < len(value) for value in values)
