"""The cells of a table in text as raw values: words that mean a missing one, and numbers in a file's own notation."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from weftnet.data.kinds._gaps import MISSING
from weftnet.data.kinds._notation import Notation, in_plain


@dataclass(frozen=True)
class Cells:
    """How the cells of a file are read.

    Args:
        decimal: between whole and fraction of every number; None to look at each column by itself.
        thousands: between groups of digits; None for "." where `decimal` is ",".
        missing: further words that mean a missing value.
        present: words that don't.
    """

    decimal: str | None = None
    thousands: str | None = None
    missing: Sequence[str] = ()
    present: Sequence[str] = ()

    @cached_property
    def absent(self) -> frozenset[str]:
        """Words that mean a missing value, in lower case."""
        missing, present = ({word.strip().lower() for word in words} for words in (self.missing, self.present))
        return (MISSING | missing) - present

    @cached_property
    def notation(self) -> Notation | None:
        """The notation of the file's numbers, if one was given."""
        if self.decimal is None and self.thousands is None:
            return None
        return Notation(self.decimal or ".", self.thousands or "." * (self.decimal == ","))

    def __call__(self, cell: str) -> str | None:
        """The word of a cell, a number in plain notation; None for a missing value."""
        if cell.strip().lower() in self.absent:
            return None
        return cell if self.notation is None else in_plain(cell, self.notation)
