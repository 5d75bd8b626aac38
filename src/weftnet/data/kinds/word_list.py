"""Word list: a sentence as a list of words, each known by itself and by its letters.

    encoded    (rows, time, 1 + letters): the word, then its letters; without letters (rows, time)
    words      0 = padding, 1 = unknown, then the vocabulary, most frequent first; in lower case
    letters    0 = none, 1 = unknown, then the alphabet; as they are written
               of a longer word the first and the last ones, with an unknown letter for those between

Words that are rare in training count as unknown there too, so that a network learns what to make of unknown ones. The
length is that of `_word_lists.py`; batches are cut to their longest sentence (`trim`). An empty sentence becomes one
unknown word.
"""

import textwrap
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from weftnet.architecture.signal import Signal
from weftnet.base.figures import Figure
from weftnet.data.kinds._kind import Kind
from weftnet.data.kinds._raw import RawColumn
from weftnet.data.kinds._tokens import PAD, SPECIALS, UNKNOWN
from weftnet.data.kinds._word_lists import counted_entries, how_likely, lists
from weftnet.data.kinds._words import words
from weftnet.data.wires import WordsWire


@dataclass
class WordList(Kind):
    """A column of lists of words.

    Args:
        most: words the vocabulary may hold.
        least: times a word must occur in the training rows.
        letters: read of each word; 0 for none.
        lower: whether capitals make no other word; the letters show them anyway.
        length: words kept of a sentence; 0 to choose from the training rows.
        trim: whether batches are cut to their longest sentence.
    """

    strange: ClassVar[str] = "a sentence of which most words are not in the vocabulary"
    capped: ClassVar[bool] = True
    most: int = 50000
    least: int = 2
    letters: int = 20
    lower: bool = True
    length: int = 0
    trim: bool = True
    vocabulary: list[str] = field(default_factory=list, init=False)
    alphabet: list[str] = field(default_factory=list, init=False)
    time: int = field(default=1, init=False)

    def __post_init__(self) -> None:
        if min(self.most, self.least) < 1 or self.length < 0 or self.letters < 0 or self.letters in (1, 2):
            got = f"{self.most!r}, {self.least!r}, {self.length!r}, {self.letters!r}"
            raise ValueError(f"word_list: expected most and least ≥ 1, length ≥ 0, letters 0 or ≥ 3; got {got}")

    @classmethod
    def recognises(cls, column: RawColumn) -> float:
        """Lists of words in every row; sure where a row has a word twice."""
        return 0.0 if column.target else how_likely(column)

    def summary(self, values: list[Any]) -> str:
        """The first."""
        first = " ".join(next(lists(values), []))
        return textwrap.shorten(first, 60, placeholder="…") or "no words"

    def picture(self, value: Any) -> Figure:
        """The words with blanks between them."""
        return words(" ".join(next(lists([value]))))

    def fit(self, values: Any) -> Self:
        """Vocabulary, alphabet and length."""
        return self.fit_chunks([values])

    def fit_chunks(self, chunks: Iterable[Any]) -> Self:
        """As `fit`, of values that come in chunks (`_counting.py`)."""
        spelt, most = counted_entries(chunks)
        counts: Counter[str] = Counter()
        alphabet: Counter[str] = Counter()
        for word, count in spelt.items():
            counts[self._known_as(word)] += count
            for letter in word:
                alphabet[letter] += count
        ranked = sorted(counts, key=lambda word: (-counts[word], word))
        self.vocabulary = [word for word in ranked if counts[word] >= self.least][: self.most]
        self.alphabet = sorted(letter for letter in alphabet if alphabet[letter] >= self.least) if self.letters else []
        self.time = self.length or most
        return self

    def encode(self, values: Any) -> NDArray[np.int64]:
        """(rows, time, 1 + letters) int64, or (rows, time), padded with 0.

        Raises:
            BadValue: a row is neither a text nor a list of words.
        """
        index = {word: place for place, word in enumerate(self.vocabulary, len(SPECIALS))}
        letters = {letter: place for place, letter in enumerate(self.alphabet, len(SPECIALS))}
        places: dict[str, int] = {}
        rows = np.zeros((len(values), self.time), np.int64)
        for row, sentence in enumerate(lists(values)):
            kept = sentence[: self.time] or [SPECIALS[UNKNOWN]]
            rows[row, : len(kept)] = [places.setdefault(word, len(places) + 1) for word in kept]
        table = np.full((len(places) + 1, 1 + self.letters), PAD, np.int64)
        for word, place in places.items():
            table[place, 0] = index.get(self._known_as(word), UNKNOWN)
            codes = [letters.get(letter, UNKNOWN) for letter in word if word != SPECIALS[UNKNOWN]]
            if len(codes) > self.letters > 0:
                first, last = self._ends
                codes = [*codes[:first], UNKNOWN, *codes[-last:]]
            table[place, 1 : 1 + len(codes)] = codes[: self.letters]
        encoded: NDArray[np.int64] = table[rows] if self.letters else table[rows, 0]
        return encoded

    def decode(self, values: NDArray[Any]) -> list[list[str]]:
        """The words of each row, as far as they are read; � for what is not known."""
        if not self.letters:
            known = (*SPECIALS, *self.vocabulary)
            return [[known[code] for code in row if code != PAD] for row in values.tolist()]
        return [[self._spelt(*word) for word in row if word[0] != PAD] for row in values.tolist()]

    def _spelt(self, word: int, *codes: int) -> str:
        """A word by its letters; the middle of a long one from the vocabulary, if it is there."""
        letters = (*SPECIALS, *self.alphabet)
        spelt = "".join(letters[code] for code in codes) or SPECIALS[UNKNOWN]
        known = self.vocabulary[word - len(SPECIALS)] if word > UNKNOWN else ""
        if len(known) <= self.letters:
            return spelt
        first, last = self._ends
        return spelt[:first] + known[first:-last] + spelt[-last:]

    @property
    def _ends(self) -> tuple[int, int]:
        """How many letters are read of the beginning and of the end of a long word."""
        return self.letters // 2, self.letters - self.letters // 2 - 1

    def _known_as(self, word: str) -> str:
        return word.lower() if self.lower else word

    def unknown(self, values: Any) -> Counter[str]:
        """Sentences of which more than half of the words are not in the vocabulary."""
        known, strange = set(self.vocabulary), Counter[str]()
        for sentence in lists(values):
            if sum(self._known_as(word) not in known for word in sentence) > len(sentence) / 2:
                strange[textwrap.shorten(" ".join(sentence), 40, placeholder="…")] += 1
        return strange

    def beyond(self, values: Any) -> int:
        """How many sentences have more words than are read."""
        return sum(len(sentence) > self.time for sentence in lists(values))

    def compared(self, values: NDArray[Any]) -> NDArray[Any]:
        """The words of each row with blanks between them."""
        return np.array([" ".join(sentence) for sentence in lists(values)], object)

    @property
    def finer(self) -> Mapping[str, Any] | None:
        """With letters."""
        return None if self.letters else {"word_list": {"letters": 20}}

    @property
    def facts(self) -> dict[str, Any]:
        """How many words are read, and how many letters of each."""
        return {"length": self.time, "letters": self.letters}

    @property
    def wire(self) -> WordsWire:
        """A list of words, or a text."""
        return WordsWire()

    @property
    def signal(self) -> Signal:
        """Padded words with their letters, or padded tokens."""
        known = {"vocabulary": len(self.vocabulary) + len(SPECIALS)}
        if not self.letters:
            return Signal(("time",), (self.time,), "int", known, True)
        known["alphabet"] = len(self.alphabet) + len(SPECIALS)
        return Signal(("time", "dim"), (self.time, 1 + self.letters), "int", known, True)


def example() -> tuple[WordList, Any]:
    """The kind, and sentences, one of them missing and one empty: for its contract."""
    return WordList(least=1, letters=5), [["Ada", "wrote", "programs", "."], ["it", "works", "it"], None, []]
