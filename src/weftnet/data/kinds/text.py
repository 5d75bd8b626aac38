"""Text: words or characters as indices, padded at the end.

    words: lower case; runs of letters and digits, and single other characters:  "Don't!" → don ' t !
           of scripts without blanks each letter (`_writing.py`):  很好。 → 很 好 。
    0 = padding, 1 = unknown, then the vocabulary, most frequent first

Length, padding and trimming are as in `_tokens.py`: an empty text is one unknown token (as a target: `_sequence.py`).
A network that flattens the time axis needs batches of full length: `trim=False`.
"""

import re
import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from weftnet.architecture.signal import Signal
from weftnet.data.kinds._counting import counted
from weftnet.data.kinds._raw import RawColumn
from weftnet.data.kinds._sequence import TokenSequence, is_sequence
from weftnet.data.kinds._tokens import PAD, SHARE, SPECIALS, UNKNOWN, as_text, padded, usual_length
from weftnet.data.kinds._writing import count_of_words, words_of

_WORDS = 3.0
_FIRST = re.compile(r"\w+|[^\w\s]")  # how words were split at first


@dataclass
class Text(TokenSequence):
    """A column of texts.

    Args:
        level: "words" or "characters".
        most: tokens the vocabulary may hold, without the two special ones.
        least: times a token must occur in the training rows.
        length: tokens kept of a text; 0 to choose from the training rows.
        trim: whether batches are cut to their longest text.
        rule: of splitting words: 2, or 1, as before there was another: any letters that touch are a word.
        share: of the training texts that are read whole, where `length` is 0; all of a target, up to 512 tokens.
        shared: whether the vocabulary is one with that of the other columns that share theirs.
    """

    earlier: ClassVar[Mapping[str, Any]] = {"rule": 1}
    strange: ClassVar[str] = "a text of which most words are not in the vocabulary"
    level: str = "words"
    most: int = 20000
    least: int = 2
    length: int = 0
    trim: bool = True
    rule: int = 2
    share: float = SHARE
    shared: bool = False
    vocabulary: list[str] = field(default_factory=list, init=False)
    time: int = field(default=1, init=False)

    def __post_init__(self) -> None:
        if self.level not in ("words", "characters"):
            raise ValueError(f"text: level: expected 'words' or 'characters', got {self.level!r}")
        if min(self.most, self.least) < 1 or self.length < 0:
            raise ValueError(
                f"text: expected most and least ≥ 1, length ≥ 0; got {self.most!r}, {self.least!r}, {self.length!r}"
            )
        if not 0 < self.share <= 1:
            raise ValueError(f"text: share: expected more than 0, at most 1, got {self.share!r}")

    @classmethod
    def recognises(cls, column: RawColumn) -> float:
        """Words of which most rows differ, three or more on average; close to three it is not sure."""
        if column.target:
            return 0.9 * is_sequence(column)
        if not column.single or column.first.dtype.kind in "fiub" or not column.sample:
            return 0.0
        texts = [str(value) for value in column.sample]
        words = sum(map(count_of_words, texts)) / len(texts)
        differ = len(set(texts)) > len(texts) / 2
        return min(0.8, max(0.2, 0.5 + 0.2 * (words - _WORDS) + 1e-9)) if differ else 0.2

    def summary(self, values: list[Any]) -> str:
        """The first."""
        return textwrap.shorten(str(values[0]), 60, placeholder="…") if values else ""

    def fit(self, values: Any) -> Self:
        """Vocabulary and length."""
        return self.fit_chunks([values])

    def fit_chunks(self, chunks: Iterable[Any]) -> Self:
        """As `fit`, of values that come in chunks (`_counting.py`)."""
        lengths: list[NDArray[np.int64]] = []
        counts = counted(self._tokens(values, lengths) for values in chunks)
        ranked = sorted(counts, key=lambda token: (-counts[token], token))
        self.vocabulary = [token for token in ranked if counts[token] >= self.least][: self.most]
        self.time = self.length or usual_length(np.concatenate(lengths).tolist() if lengths else [], self.share)
        return self

    def adopt(self, joint: Self, values: Any) -> None:
        """The vocabulary; the length is that of its own texts."""
        self.vocabulary = list(joint.vocabulary)
        self.time = self.length or usual_length(self.lengths(values), self.share)

    def lengths(self, values: Any) -> list[int]:
        """How many tokens each text has."""
        return [len(self.split(value)) for value in values]

    def is_empty(self, text: str) -> bool:
        """Whether it has no words, or no characters."""
        return not self.split(text)

    def _tokens(self, values: Any, lengths: list[NDArray[np.int64]]) -> list[str]:
        """All tokens of some texts; appends their numbers per text to `lengths`."""
        texts = [self.split(value) for value in values]
        lengths.append(np.array([len(tokens) for tokens in texts], np.int64))
        return [token for tokens in texts for token in tokens]

    def encode(self, values: Any) -> NDArray[np.int64]:
        """(rows, time) int64, padded with 0."""
        index = self._index()
        rows = [[index.get(token, UNKNOWN) for token in self.split(value)[: self.time]] for value in values]
        return padded(rows, self.time)

    def tokens(self, text: str) -> NDArray[np.int64]:
        """(length,) the tokens of one text, however long; one unknown token if it is empty."""
        index = self._index()
        return np.array([index.get(token, UNKNOWN) for token in self.split(text)] or [UNKNOWN], np.int64)

    def text(self, tokens: NDArray[np.int64]) -> str:
        """The text of (length,) tokens, as `decode` writes it."""
        return self.decode(tokens[None])[0]

    def unknown(self, values: Any) -> Counter[str]:
        """Texts of which more than half of the tokens are not in the vocabulary."""
        known = set(self.vocabulary)
        texts = [(as_text(value), self.split(value)) for value in values]
        return Counter(
            textwrap.shorten(text, 40, placeholder="…")
            for text, tokens in texts
            if sum(token not in known for token in tokens) > len(tokens) / 2
        )

    def decode(self, values: NDArray[Any]) -> list[str]:
        """The tokens joined: characters exactly, words with spaces between them; � for unknown."""
        separator = " " if self.level == "words" else ""
        tokens = (*SPECIALS, *self.vocabulary)
        return [separator.join(tokens[code] for code in row if code != PAD) for row in values.tolist()]

    def _index(self) -> dict[str, int]:
        return {token: position for position, token in enumerate(self.vocabulary, len(SPECIALS))}

    def split(self, value: Any) -> list[str]:
        """The tokens of one text."""
        text = as_text(value)
        if self.level == "characters":
            return list(text)
        return words_of(text) if self.rule > 1 else _FIRST.findall(text.lower())

    @property
    def finer(self) -> Mapping[str, Any] | None:
        """Characters."""
        return {"text": {"level": "characters"}} if self.level == "words" else None

    @property
    def facts(self) -> dict[str, Any]:
        """How texts are split, and how many tokens are read."""
        return {"level": self.level, "length": self.time}

    @property
    def signal(self) -> Signal:
        """Padded tokens."""
        return Signal(("time",), (self.time,), "int", {"vocabulary": len(self.vocabulary) + len(SPECIALS)}, True)


def example() -> tuple[Text, Any]:
    """The kind, and texts, one of them missing and one empty: for its contract."""
    return Text(least=1), ["A b, c!", "b b", None, ""]
