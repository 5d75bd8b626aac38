"""Labels that are quantities in words: 3h 12m, 10-20, ~5, 3/4, 5'11. Their order is lost, which a note says.

A pattern is what remains of a word when its numbers are 0. Codes are told apart: letters before their only number, A12.
"""

import re
from collections import Counter
from collections.abc import Collection

from weftnet.data.kinds._raw import FEW

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_CODE = re.compile(r"[^\W\d_]+[-_#/. ]?0|0[^\W\d_]?")
#: share of the words that have one of the most frequent patterns, and how many patterns those are
_SHARE, _PATTERNS = 0.95, 3


def patterned(words: Collection[str]) -> list[str]:
    """A note on labels that nearly all have a few patterns around numbers."""
    if len(words) <= FEW:
        return []
    patterns = Counter(_NUMBER.sub("0", word.strip()) for word in words)
    usual = [pattern for pattern, _ in patterns.most_common(_PATTERNS) if "0" in pattern]
    common = sum(patterns[pattern] for pattern in usual)
    if common < _SHARE * len(words) or any(_CODE.fullmatch(pattern) for pattern in usual):
        return []
    example = min(word for word in words if _NUMBER.sub("0", word.strip()) == usual[0])
    return [f"labels such as {example!r} seem to be quantities, whose order is lost; if they are, write plain numbers"]
