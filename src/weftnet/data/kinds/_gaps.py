"""Words that mean a missing value: in any column, or beside numbers and dates; and strays there."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.data.ways import Way, correct, read_as

#: words that mean a missing value in any column
MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "?", "#n/a", "#na", "<na>", "nat"})
#: words that mean one beside numbers
GAPS = frozenset(
    ["-", "--", "—", "–", ".", "..", "…", "n.a.", "#div/0!", "#value!", "#num!", "#ref!", "#name?", "#null!"]
)

#: share of the values up to which words are strays, however many; and how many different ones are strays up to a half
_STRAYS, _FEW = 0.05, 10
#: different words that are offered as gaps
_OFFERED = 3


def is_gap(value: Any) -> bool:
    """Whether a value of a column of numbers is missing."""
    return value is None or (isinstance(value, str) and ((word := value.strip().lower()) in MISSING or word in GAPS))


def gaps_in(chunks: Iterable[NDArray[Any]]) -> Counter[str]:
    """The words of a column of numbers that mean a missing value only there, and how often."""
    found: Counter[str] = Counter()
    for chunk in chunks:
        if chunk.dtype.kind in "OU":
            found.update(word for word in chunk.tolist() if isinstance(word, str) and word.strip().lower() in GAPS)
    return found


def without(values: Any, gaps: Collection[str]) -> Any:
    """Raw values with None for those that somebody calls gaps."""
    array = np.asarray(values)
    if not gaps or array.dtype.kind not in "OU":
        return values
    cells = np.empty(len(array), dtype=object)
    cells[:] = [None if isinstance(value, str) and value.strip() in gaps else value for value in array.tolist()]
    return cells


def numbers_in(gaps: Collection[str]) -> list[float]:
    """The gaps that are numbers: −999, which may be written as -999.0 elsewhere."""
    found = []
    for word in gaps:
        with suppress(ValueError):
            found.append(float(word))
    return found


def are_strays(words: Collection[str], count: int, total: int) -> bool:
    """Whether words among numbers or dates are mistakes or gaps: read as labels, the others would lose their order.

    Args:
        words: the different ones.
        count: how many values they are.
        total: values that are not missing.
    """
    return count <= _STRAYS * total or (len(words) <= _FEW and 2 * count <= total)


def share_in_words(count: int, total: int) -> str:
    """`nearly every value`, or `70 % of the values`: of those that are no strays."""
    return "nearly every value" if count <= _STRAYS * total else f"{100 - 100 * count / total:.0f} % of the values"


def as_gaps(kind: str, words: Sequence[str]) -> Way:
    """What can be done about strays in a column of that kind."""
    if len(words) > _OFFERED:
        return correct
    spec = {kind: {"gaps": list(words)}}
    return lambda name: f"if it means a missing value: {read_as(name, spec)}; otherwise {correct(name)}"
