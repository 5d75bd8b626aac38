"""The texts as they are written: where each ends, and what of it can be told already.

A text ends before the first of the texts in `stop`, or before a token in `stop_tokens`. While it is written, its
beginning can be told as soon as nothing that follows can change it: not its last characters while they might begin a
stop, nor a character whose bytes are not complete.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.errors import DataError

#: most texts and tokens that may end a text, and characters of such a text
_MOST, _LONGEST = 64, 1000


class Texts:
    """Continuations, one for each row.

    Args:
        options: of the question.
        text: tokens → their text.
        rows: how many there are.
        tell: is told what follows in the first row, where somebody listens.

    Raises:
        DataError: there are too many stops, or an empty one.
    """

    def __init__(
        self,
        options: Mapping[str, Any],
        text: Callable[[NDArray[np.int64]], str],
        rows: int,
        tell: Callable[[str], None] | None = None,
    ) -> None:
        self._stop: Sequence[str] = options.get("stop", [])
        self._stop_tokens = set(options.get("stop_tokens", []))
        if max(len(self._stop), len(self._stop_tokens)) > _MOST:
            raise DataError("too many stops", where="options", expected=f"at most {_MOST}", got=str(len(self._stop)))
        if not all(0 < len(each) <= _LONGEST for each in self._stop):
            raise DataError("a stop is no text", where="options: stop", expected=f"1 to {_LONGEST} characters of each")
        self._text, self._tell, self._told = text, tell, ""
        self.tokens: list[list[int]] = [[] for _ in range(rows)]
        self.ends = np.full(rows, -1, np.int64)
        self._done = np.zeros(rows, np.bool_)

    @property
    def finished(self) -> bool:
        """Whether all of them have ended."""
        return bool(self._done.all())

    def add(self, tokens: NDArray[np.int64]) -> None:
        """The next token of each; those that have ended get none."""
        for row in np.flatnonzero(~self._done):
            token = int(tokens[row])
            if token in self._stop_tokens:
                self._done[row] = True
            else:
                self.tokens[row].append(token)
            if self._stop or (row == 0 and self._tell):
                self._read(int(row))

    def close(self) -> None:
        """Nothing follows: what was held back is told."""
        if self._tell and self.tokens:
            self._say(self._so_far(0))

    def written(self, length: int) -> NDArray[np.int64]:
        """(rows, length) tokens, −1 where a text has ended."""
        found = np.full((len(self.tokens), length), -1, np.int64)
        for row, tokens in enumerate(self.tokens):
            found[row, : len(tokens)] = tokens
        return found

    def _read(self, row: int) -> None:
        """Look for a stop in a text, and tell what is certain."""
        text = self._so_far(row)
        places = [place for stop in self._stop if (place := text.find(stop)) >= 0]
        if places:
            self._done[row], self.ends[row] = True, min(places)
        elif row == 0 and self._tell:
            self._say(text[: len(text) - self._open(text)])

    def _so_far(self, row: int) -> str:
        text = self._text(np.array(self.tokens[row], np.int64))
        return text if self.ends[row] < 0 else text[: int(self.ends[row])]

    def _open(self, text: str) -> int:
        """How many characters at the end may still change."""
        broken = len(text) - len(text.rstrip("\ufffd"))
        beginning = max((_common(text, stop) for stop in self._stop), default=0)
        return max(broken, beginning)

    def _say(self, text: str) -> None:
        if self._tell and len(text) > len(self._told) and text.startswith(self._told):
            self._tell(text[len(self._told) :])
            self._told = text


def _common(text: str, stop: str) -> int:
    """The length of the longest beginning of `stop` that `text` ends with."""
    lengths = range(min(len(stop) - 1, len(text)), 0, -1)
    return next((length for length in lengths if text.endswith(stop[:length])), 0)
