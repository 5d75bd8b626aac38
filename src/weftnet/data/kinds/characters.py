"""Characters: one long text as the indices of its characters, for language models.

    0 = unknown, then the characters of the training split in the order of their code points

Several texts, such as prompts, are rows that end with −1 where others go on.
Differs from nanoGPT: the vocabulary comes from the training split only, so there is a slot for unseen characters.
"""

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from weftnet.architecture.signal import Signal
from weftnet.data.kinds._kind import BadValue, Kind
from weftnet.data.kinds._tokens import as_text

UNKNOWN, PAD = 0, -1


@dataclass
class Characters(Kind):
    """A running text.

    Args:
        context: characters a network reads at a time.
    """

    context: int = 64
    vocabulary: str = field(default="", init=False)

    def __post_init__(self) -> None:
        if not isinstance(self.context, int) or self.context < 1:
            raise ValueError(f"characters: context: expected a positive integer, got {self.context!r}")

    def fit(self, values: str) -> Self:
        """The characters that occur."""
        self.vocabulary = "".join(map(chr, np.unique(_points(values))))
        return self

    def encode(self, values: Any) -> NDArray[np.int64]:
        """(length,) int64 indices of one text, or (rows, the longest length) of several.

        Raises:
            BadValue: one of several is empty.
        """
        if isinstance(values, str):
            return self.tokens(values)
        rows = [self.tokens(as_text(value)) for value in values]
        for number, row in enumerate(rows):
            if not len(row):
                raise BadValue(number, "the text is empty", expected="at least one character to continue")
        longest = max(map(len, rows), default=0)
        return np.stack([np.pad(row, (0, longest - len(row)), constant_values=PAD) for row in rows])

    def tokens(self, text: str) -> NDArray[np.int64]:
        """(length,) int64 indices of one text."""
        known, points = _points(self.vocabulary), _points(text)
        if not len(known):
            return np.full(len(points), UNKNOWN, np.int64)
        place = np.minimum(np.searchsorted(known, points), len(known) - 1)
        return np.where(known[place] == points, place + 1, UNKNOWN).astype(np.int64)

    def decode(self, values: NDArray[Any]) -> Any:
        """The text of (length,) indices, or the texts of (rows, length); � for unknown."""
        return self.text(values) if values.ndim == 1 else [self.text(row) for row in values]

    def text(self, tokens: NDArray[np.int64]) -> str:
        """The text of (length,) indices; � for unknown."""
        characters = "\ufffd" + self.vocabulary
        return "".join(characters[code] for code in tokens.tolist() if code != PAD)

    @property
    def labels(self) -> list[str]:
        """The character of each index."""
        return ["\ufffd", *self.vocabulary]

    @property
    def facts(self) -> dict[str, Any]:
        """How many characters a network reads."""
        return {"length": self.context}

    @property
    def signal(self) -> Signal:
        """Tokens of one window."""
        return Signal(("time",), (self.context,), "int", {"vocabulary": len(self.vocabulary) + 1})


def _points(text: str) -> NDArray[np.uint32]:
    """The code points of a text, without a loop over its characters."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


def example() -> tuple[Characters, Any]:
    """The kind, and a text: for its contract."""
    return Characters(context=3), "hello wörld 🙂\n"
