"""What kinds that make tokens of texts share: the first two indices, how long a row is, and the padding.

    0 = padding, at the end; 1 = what stands for no token: unknown, or a text without any

A row always has something real in it. Texts are cut to `length` tokens; by default to a length that 98 % of the
training texts keep to, at most 512. Batches are trimmed to their longest text (`trim`).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

PAD, UNKNOWN = 0, 1
SPECIALS = ("", "\ufffd")
_SHARE, _LONGEST = 0.98, 512


def as_text(value: Any) -> str:
    """A raw value as a text; a missing one is empty."""
    return "" if value is None or value != value else str(value)


def usual_length(lengths: Sequence[int]) -> int:
    """A length that nearly all training texts keep to."""
    usual = int(np.quantile(lengths or [1], _SHARE, method="higher"))
    return max(1, min(usual, _LONGEST))


def padded(rows: Sequence[Sequence[int]], time: int) -> NDArray[np.int64]:
    """(rows, time) int64: each row cut, padded with 0, and 1 in place of nothing."""
    codes = np.full((len(rows), time), PAD, np.int64)
    for row, tokens in enumerate(rows):
        kept = tokens[:time] or [UNKNOWN]
        codes[row, : len(kept)] = kept
    return codes
