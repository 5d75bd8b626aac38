"""Texts as targets: a sequence of tokens for every row, padded, with a mask.

    encode_target: as `encode`, (rows, time), except that an empty text is a sequence without tokens: padding alone
    mask:          (rows, time) True where there is a token

A batch has them as `batch.target` (batch, time) and `batch.target_mask` (batch, time), as long as its longest row.
There is no mark of the beginning or the end among the tokens: a task that needs one gives it a number of its own, from
`signal.known["vocabulary"]` on. As a target a text is read whole (`share` is 1), up to 512 tokens or `length`.

Texts of several columns may have one vocabulary between them (`shared`): see `weftnet.data.vocabularies`.
"""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from weftnet.data.kinds._kind import Kind
from weftnet.data.kinds._raw import RawColumn
from weftnet.data.kinds._state import name_of
from weftnet.data.kinds._tokens import PAD, UNKNOWN, as_text
from weftnet.data.kinds._writing import count_of_words

#: words that a target has on average from which it is no label
_WORDS = 3.0


class TokenSequence(Kind):
    """A kind that reads texts as tokens."""

    as_target: ClassVar[Mapping[str, Any]] = MappingProxyType({"share": 1.0})
    capped: ClassVar[bool] = True
    share: float
    shared: bool
    time: int

    @abstractmethod
    def tokens(self, text: str) -> NDArray[np.int64]:
        """(length,) the tokens of one text, however long."""

    @abstractmethod
    def lengths(self, values: Any) -> list[int]:
        """How many tokens each text has, however many are read."""

    @abstractmethod
    def adopt(self, joint: Self, values: Any) -> None:
        """Take the vocabulary of a kind that was fitted on more texts than its own, which are `values`."""

    def beyond(self, values: Any) -> int:
        """How many texts have more tokens than are read."""
        return sum(length > self.time for length in self.lengths(values))

    @property
    def outline(self) -> str:
        """The sort of tokens, and how many of them at most."""
        return f"texts of at most {self.time} tokens, of {self.signal.known['vocabulary']}"

    def beside(self) -> Mapping[str, Any]:
        """The kind, as people write it, of an input of texts beside this target, where nobody says another."""
        settings = [each for each in fields(self) if each.init and each.name not in ("length", "share")]  # type: ignore[arg-type]  # a dataclass
        own = {each.name: getattr(self, each.name) for each in settings}
        return {name_of(type(self)): {each.name: own[each.name] for each in settings if own[each.name] != each.default}}

    def encode_target(self, values: Any) -> NDArray[np.int64]:
        """(rows, time) int64; a row of an empty text is padding alone."""
        codes: NDArray[np.int64] = self.encode(values)
        alone = (codes[:, 0] == UNKNOWN) & (codes[:, 1:] == PAD).all(1)
        for row in np.flatnonzero(alone):  # an unknown token, or none
            codes[row, 0] = PAD if self.is_empty(as_text(values[row])) else UNKNOWN
        return codes

    def is_empty(self, text: str) -> bool:
        """Whether a text has no token."""
        return not text

    def mask(self, values: NDArray[Any]) -> NDArray[np.bool_]:
        """Of encoded rows (rows, time): where there is a token."""
        return np.asarray(values != PAD)

    def target_findings(self, name: str, values: NDArray[Any]) -> list[str]:
        """How many rows are longer than what is read."""
        cut = sum(length > self.time for length in self.lengths(values))
        return [f"{cut} rows are longer than {self.time} tokens, and cut"] * bool(cut)


def is_sequence(column: RawColumn) -> float:
    """How sure it is that a target is texts: of several words and different in most rows; a little for any words.

    The little is enough for a task that was chosen and reads its target so.
    """
    if not column.single or column.first.dtype.kind in "fiubM" or not column.sample:
        return 0.0
    texts = [value for value in column.sample if isinstance(value, str)]
    if len(texts) < len(column.sample):
        return 0.0
    differ = len(set(texts)) > len(texts) / 2
    return 0.8 if differ and sum(map(count_of_words, texts)) >= _WORDS * len(texts) else 0.05
