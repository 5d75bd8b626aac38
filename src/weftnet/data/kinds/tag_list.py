"""Tag list: a tag for every word of a sentence.

    encoded    (rows, time): the place of each tag among the tags of the training rows, −1 where the sentence has ended

Raw values are lists of words. The length is chosen as that of the words is (`_word_lists.py`), so that both are cut
alike. A tag that no training row has is an error with its row.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from weftnet.architecture.signal import Signal
from weftnet.base.figures import Figure
from weftnet.data.kinds._kind import BadValue, Kind
from weftnet.data.kinds._raw import RawColumn
from weftnet.data.kinds._word_lists import counted_entries, how_likely, lists
from weftnet.data.kinds._words import words
from weftnet.data.wires import WordsWire
from weftnet.errors import closest

#: stands for no tag
NONE = -1


@dataclass
class TagList(Kind):
    """A column of lists of tags.

    Args:
        length: tags kept of a sentence; 0 to choose from the training rows.
        trim: whether batches are cut to their longest sentence.
    """

    length: int = 0
    trim: bool = True
    labels: list[str] = field(default_factory=list, init=False)
    time: int = field(default=1, init=False)

    def __post_init__(self) -> None:
        if self.length < 0:
            raise ValueError(f"tag_list: length: expected 0 or more, got {self.length!r}")

    @classmethod
    def recognises(cls, column: RawColumn) -> float:
        """A target of lists of words; sure where a row has one twice, which sets of labels have not."""
        return how_likely(column) if column.target else 0.0

    def summary(self, values: list[Any]) -> str:
        """How many different tags there are."""
        found = sorted({tag for row in lists(values) for tag in row})
        return f"{len(found)} tags: {', '.join(found[:3])}" + ", …" * (len(found) > 3)

    def picture(self, value: Any) -> Figure:
        """The tags with blanks between them."""
        return words(" ".join(next(lists([value]))))

    def fit(self, values: Any) -> Self:
        """The tags, sorted, and the length."""
        return self.fit_chunks([values])

    def fit_chunks(self, chunks: Iterable[Any]) -> Self:
        """As `fit`, of values that come in chunks."""
        tags, most = counted_entries(chunks)
        self.labels = sorted(tags)
        self.time = self.length or most
        return self

    def encode(self, values: Any) -> NDArray[np.int64]:
        """(rows, time); −1 for an unknown tag too."""
        places = {label: place for place, label in enumerate(self.labels)}
        codes = np.full((len(values), self.time), NONE, np.int64)
        for row, tags in enumerate(lists(values)):
            kept = tags[: self.time]
            codes[row, : len(kept)] = [places.get(tag, NONE) for tag in kept]
        return codes

    def encode_target(self, values: Any) -> NDArray[np.int64]:
        """As `encode`.

        Raises:
            BadValue: a row has no tags, or one that no training row has.
        """
        known = set(self.labels)
        for row, tags in enumerate(lists(values)):
            if not tags:
                raise BadValue(row, "the sentence has no tags", expected="a tag for each word", got=repr(values[row]))
            if (stray := next((tag for tag in tags if tag not in known), None)) is not None:
                close = closest(stray, self.labels)
                raise BadValue(
                    row,
                    "the target holds a tag that no training row has",
                    expected=", ".join(self.labels),
                    got=repr(stray),
                    fix=f"did you mean {close[0]!r}?" if close else "other splits, or leave such sentences out",
                )
        return self.encode(values)

    def decode(self, values: NDArray[Any]) -> list[list[str]]:
        """The tags of each row."""
        return [[self.labels[code] for code in row if code != NONE] for row in values.tolist()]

    def mask(self, values: NDArray[Any]) -> NDArray[np.bool_]:
        """(rows, time): where a word has a tag."""
        counts: NDArray[np.bool_] = values != NONE
        return counts

    def balance(self, values: NDArray[Any]) -> Counter[str]:
        """Of every tag, over the words of all rows."""
        return Counter(tag for tags in lists(values) for tag in tags)

    def compared(self, values: NDArray[Any]) -> NDArray[Any]:
        """The tags of each row with blanks between them; missing where there is none."""
        return np.array([" ".join(tags) or None for tags in lists(values)], object)

    @property
    def outline(self) -> str:
        """How many tags there are."""
        return f"one of {len(self.labels)} tags for each word"

    @property
    def facts(self) -> dict[str, Any]:
        """The known tags."""
        return {"labels": list(self.labels)}

    @property
    def wire(self) -> WordsWire:
        """A list of words."""
        return WordsWire()

    @property
    def signal(self) -> Signal:
        """A class at every step."""
        return Signal(("time",), (self.time,), "int", {"classes": max(1, len(self.labels))}, True)


def example() -> tuple[TagList, Any]:
    """The kind, and tags of sentences, one of them missing and one empty: for its contract."""
    return TagList(), [["B-PER", "O", "O", "O"], ["O", "O", "O"], None, []]
