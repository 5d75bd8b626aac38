"""Quotes of a table that swallow rows.

A value in quotes may hold line breaks, so a stray quote at the beginning of a value reads on, over any number of rows,
to the next one. Lines are counted against rows: a quoted value of several lines is refused if what it holds looks like
rows, or if text follows its last quote. Such a value is legal, so whoever means it says so by `quote`; those that are
read are counted in a note.
"""

import csv
import re
from typing import Any, Literal

from weftnet.data.read import UnpackedText
from weftnet.data.ways import setting
from weftnet.errors import DataError

Quote = Literal["none", "single", "double"]

MARKS: dict[str, str] = {"single": "'", "double": '"'}
#: bytes from which a quote without an end is refused before the whole file is read
_LONGEST = 2**24


def dialect_of(delimiter: str, quote: Quote | None) -> dict[str, Any]:
    """As Python's reader takes it."""
    if quote == "none":
        return {"delimiter": delimiter, "quoting": csv.QUOTE_NONE, "quotechar": None}
    return {"delimiter": delimiter, "quotechar": MARKS[quote or "double"]}


class StrayQuotes:
    """Looks through a table, piece by piece, for quotes that swallow rows.

    Args:
        delimiter: between values.
        width: values in a row.
        path: of the file, for messages.
        quote: as a person set it; None for `"`, which is then doubted.
    """

    def __init__(self, delimiter: str, width: int, path: str, quote: Quote | None) -> None:
        self.path, self.between, self.inner, self.doubts = path, delimiter.encode(), width - 1, quote is None
        mark = re.escape(self.between)
        self._quoted = re.compile(rb"(?:^|(?<=" + mark + rb'|\n))"(?:[^"]|"")*+("?)')
        self._held, self._lines = b"", 0
        self._long: list[int] = []

    def look(self, piece: bytes, last: bool = False) -> None:
        """Look through the next piece of the file.

        Raises:
            DataError: a quoted value swallows rows; names its first row.
        """
        if not self.doubts:
            return
        text, start = self._held + piece, 0
        for match in self._quoted.finditer(text):
            after = text[match.end() : match.end() + len(self.between)]
            if not last and (not match[1] or len(after) < len(self.between)):
                start = match.start()
                break
            self._check(text, match, after)
            start = match.end()
        else:
            start = max(start, len(text) - len(self.between))  # a mark may be cut in two
        if last or start < len(text) - _LONGEST:
            self._open(text[start:])
        self._lines += text.count(b"\n", 0, start)
        self._held = text[start:]

    def _check(self, text: bytes, match: re.Match[bytes], after: bytes) -> None:
        lines = match[0].removesuffix(b"\n").split(b"\n")
        closed = bool(match[1]) and (not after or after == self.between or after[:1] in b"\r\n")
        inner = lines[1:-1] if self.between == b"," else lines[1:]  # a comma may end a line of a text
        rows = bool(inner) and all(line.count(self.between) == self.inner > 0 for line in inner)
        rows = rows and not any(self.between + b" " in line for line in inner)  # as commas of a sentence are followed
        if len(lines) > 1:
            self._long.append(self._lines + text.count(b"\n", 0, match.start()) + 1)
            if rows or not closed:
                raise self._refusal(self._long[-1], len(lines), lines[0])

    @property
    def notes(self) -> tuple[str, ...]:
        """How many values that were read run over several lines."""
        if not self._long:
            return ()
        found = f"{len(self._long)} value{'s' * (len(self._long) > 1)} in quotes of more than one line"
        count = f"{found}, first in line {self._long[0]}"
        return (f"{count}; if the quotes are part of the text: {setting('quote', 'none')}",)

    def _open(self, text: bytes) -> None:
        """Refuse a value of many lines whose quote has no end."""
        if (match := self._quoted.match(text)) and not match[1] and b"\n" in text:
            raise self._refusal(self._lines + 1, text.count(b"\n"), text.split(b"\n")[0])

    def _refusal(self, line: int, count: int, first: bytes) -> DataError:
        return DataError(
            f"a value in quotes runs over {count} lines, which look like rows of their own",
            where=f"{self.path}: line {line}",
            got=repr(first.decode("utf-8", "replace")[:60]),
            fix=f"if the quote is part of the text: {setting('quote', 'none')}; "
            f"if the lines are one value: {setting('quote', 'double')}",
        )


class CheckedStream:
    """A stream whose bytes are looked through for stray quotes before they are read.

    Args:
        stream: of a table.
        quotes: looks through it.
    """

    closed = False

    def __init__(self, stream: UnpackedText, quotes: StrayQuotes) -> None:
        self._stream, self._quotes = stream, quotes

    def read(self, size: int) -> bytes:
        """At most `size` bytes; none at the end."""
        piece = self._stream.read(size)
        self._quotes.look(piece, last=not piece)
        return piece

    def close(self) -> None:
        """Does nothing: whoever opened the stream closes it."""
