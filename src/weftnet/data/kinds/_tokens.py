"""What kinds that turn texts into tokens share: the first two indices, the length of a row, and the padding.

    0 = padding, at the end; 1 = unknown token, or the only token of an empty text

A row always has at least one real token. Texts are truncated to `length` tokens; by default to a length that a `share`
of the training texts do not exceed, at most 512. Batches are trimmed to their longest text (`trim`).
What they are as targets is in `_sequence.py`.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

PAD, UNKNOWN = 0, 1
SPECIALS = ("", "\ufffd")
SHARE, _LONGEST = 0.98, 512


def as_text(value: Any) -> str:
    """A raw value as a text; a missing one is empty."""
    return "" if value is None or value != value else str(value)


def usual_length(lengths: Sequence[int], share: float = SHARE) -> int:
    """A length that this share of the training texts do not exceed, at most 512."""
    usual = int(np.quantile(lengths or [1], share, method="higher"))
    return max(1, min(usual, _LONGEST))


def padded(rows: Sequence[Sequence[int]], time: int) -> NDArray[np.int64]:
    """(rows, time) int64: each row truncated, padded with 0; an empty row becomes a single 1."""
    codes = np.full((len(rows), time), PAD, np.int64)
    for row, tokens in enumerate(rows):
        kept = tokens[:time] or [UNKNOWN]
        codes[row, : len(kept)] = kept
    return codes
