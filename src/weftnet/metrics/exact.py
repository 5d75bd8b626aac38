"""Exact: the share of the texts that are written as the true one, character by character."""

from collections.abc import Sequence

from weftnet.metrics._texts import OfTexts, example

__all__ = ["Exact", "example"]


class Exact(OfTexts, better="max", unit="share"):
    """Of tokens (batch, time)."""

    def of(self, written: Sequence[str], true: Sequence[str]) -> float:
        """The share."""
        return sum(one == other for one, other in zip(written, true, strict=True)) / len(written)
