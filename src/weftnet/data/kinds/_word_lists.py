"""What kinds of lists share: a sentence's words and their tags are read and cut alike, so that they stay aligned.

A list is one of words, or a text with blanks between them. Rows are as long as the longest training row and a quarter
more, in steps of eight, at most 512: what a longer one has beyond is left out, of words and tags alike.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np

from weftnet.data.kinds._counting import counted
from weftnet.data.kinds._kind import BadValue
from weftnet.data.kinds._raw import RawColumn

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


def counted_entries(chunks: Iterable[Any]) -> tuple[Counter[str], int]:
    """How often each entry occurs in the training rows, which come in chunks, and the length that rows are given."""
    lengths: list[int] = []

    def seen() -> Iterator[list[str]]:
        for values in chunks:
            rows = list(lists(values))
            lengths.extend(map(len, rows))
            yield [entry for row in rows for entry in row]

    counts = counted(seen())
    return counts, room(lengths)


def room(lengths: Sequence[int]) -> int:
    """The length that rows are given."""
    longest = max(lengths, default=1)
    return min(_LONGEST, -(-(longest + longest // 4) // _STEP) * _STEP) or _STEP


def how_likely(column: RawColumn) -> float:
    """How probably a column holds lists of words; sure where a row has one twice, which sets of labels have not."""
    if column.first.dtype.kind != "O" or not column.every(are_lists):
        return 0.0
    return 0.98 if repeats(column.sample) else 0.87


def are_lists(values: list[Any]) -> bool:
    """Whether every row is a list of words."""
    return all(isinstance(value, list | tuple) and all(isinstance(each, str) for each in value) for value in values)


def repeats(values: list[Any]) -> bool:
    """Whether a row has a word twice: then the rows are no sets."""
    return any(len(set(value)) < len(value) for value in values)
