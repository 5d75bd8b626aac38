"""The notation in which a column of words is numbers, found in its values."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from numpy.typing import NDArray

from weftnet.data.kinds._gaps import are_strays, as_gaps, is_gap, share_in_words
from weftnet.data.kinds._kind import BadValue
from weftnet.data.kinds._notation import PLAIN, Notation, candidates, parts
from weftnet.data.kinds._raw import FEW
from weftnet.data.ways import as_labels, read_as, setting

_DISTINCT = 2**14  # different words from which a notation is found
#: share of values of other units, or of words, up to which a column is one of a single unit
_RARE = 0.05
#: units that are told from endings of codes such as 12a
_UNITS = re.compile(
    r"[$¢-¥฿₠-₿%‰°]|[A-Z]{0,2}\$|USD|EUR|GBP|CHF|JPY|CNY|INR|AUD|CAD|SEK|NOK|DKK|PLN|CZK|BRL|[kKMBGT]|mn|bn|Mio\.?|Mrd\.?"
    r"|[kKMGT]B|[mk]?g|t|lbs?|oz|[cmk]?m|mi|ft|ms|s|min|h|[mc]?l|L|°[CF]"
)


@dataclass
class _Words:
    """The words of a column that are not missing: how often, and where first."""

    counts: Counter[str] = field(default_factory=Counter)
    first: dict[str, int] = field(default_factory=dict)
    others: set[Any] = field(default_factory=set)
    total: int = 0

    def add(self, chunk: NDArray[Any], start: int) -> None:
        for row, value in enumerate(chunk.tolist() if chunk.dtype.kind in "OU" else (), start):
            if is_gap(value):
                continue
            self.total += 1
            if not isinstance(value, str):
                self.others.add(value if isinstance(value, int | float) else repr(value))
            elif value in self.counts or len(self.counts) < _DISTINCT:
                self.counts[value] += 1
                self.first.setdefault(value, row)


def notation_of(
    chunks: Iterable[NDArray[Any]], typed: bool = False, decimal: str = "", thousands: str = ""
) -> Notation | None:
    """The notation in which the values of a column are numbers; None if there is none.

    Args:
        chunks: of the column.
        typed: whether numbers and words are distinguished, so that a word among numbers is a mistake.
        decimal: the mark that a person set; "" if it is to be found.
        thousands: likewise.

    Raises:
        BadValue: a few values are no numbers in it, or it can be read in two ways.
    """
    words, start = _Words(), 0
    for chunk in chunks:
        words.add(chunk, start)
        start += len(chunk)
    if typed and words.others and words.counts:
        _refuse(words, list(words.counts), len(words.others), PLAIN)
        return None
    units = Counter[str]()
    for word, count in words.counts.items():
        try:
            units[parts(word)[2]] += count
        except ValueError:
            continue
    usual = [unit for unit, _ in units.most_common(1)]
    _refuse_units(words, units)
    tried = {notation: _read(words.counts, notation) for notation in candidates(usual, decimal, thousands)}
    fewest = min((len(strays) for _, strays in tried.values()), default=0)
    readings: dict[tuple[float, ...], Notation] = {}
    for notation, (numbers, strays) in tried.items():
        if len(strays) == fewest:
            readings.setdefault(tuple(numbers), notation)
    if not readings:
        return None
    (reading, best), *others = readings.items()
    _, strays = tried[best]
    if strays:
        _refuse(words, strays, len(set(reading)) + len(words.others), best)
        return None
    if others:
        if len(set(reading)) > FEW:
            raise _ambiguous(words, [best, *(notation for _, notation in others)])
        return None
    return best


def _read(words: Iterable[str], notation: Notation) -> tuple[list[float], list[str]]:
    """The numbers that words are, and the words that are none."""
    numbers, strays = [], []
    for word in words:
        try:
            numbers.append(notation.read(word))
        except ValueError:
            strays.append(word)
    return numbers, strays


def _refuse(words: _Words, strays: list[str], numbers: int, notation: Notation) -> None:
    """Refuse a column of numbers with a few words in it: read as categories the numbers would be lost."""
    count = sum(words.counts[word] for word in strays)
    if numbers <= FEW or not are_strays(strays, count, words.total):
        return
    strays = sorted(strays, key=words.first.__getitem__)
    once = f" once {notation.words} is read" if notation.words else ""
    share = share_in_words(count, words.total)
    raise BadValue(
        words.first[strays[0]],
        f"{share} is a number{once}, but {count} {'is' if count == 1 else 'are'} not",
        expected="a number such as 3.5, or nothing",
        got=", ".join(map(repr, strays[:3])),
        fix=as_gaps("number", strays),
    )


def _refuse_units(words: _Words, units: Counter[str]) -> None:
    """Refuse a column of numbers of several units, 1.2k and 3M: they have no order before they are converted."""
    real = {unit: count for unit, count in units.items() if unit}
    if len(units) < 2 or not all(_UNITS.fullmatch(unit) for unit in real):
        return
    rare = sum(units.values()) - max(units.values())
    read = [word for word in words.counts if _has_unit(word)]
    if rare <= _RARE * words.total or units.total() < (1 - _RARE) * words.total or len(read) <= FEW:
        return
    first = next(word for word in words.counts if _has_unit(word) and parts(word)[2] != units.most_common(1)[0][0])
    found = ", ".join(f"{unit or 'none'} ({count})" for unit, count in units.most_common(4))
    raise BadValue(
        words.first[first],
        f"the values are numbers of several units: {found}",
        expected="numbers of one unit",
        got=repr(first),
        fix=lambda name: f"convert them to one unit; or read labels: {as_labels(name)}",
    )


def _has_unit(word: str) -> bool:
    """Whether it is a number in some notation."""
    try:
        parts(word)
    except ValueError:
        return False
    return True


def _ambiguous(words: _Words, several: list[Notation]) -> BadValue:
    word = next(word for word in words.counts if len({each.read(word) for each in several}) > 1)
    readings = [f"{each.read(word):g} with {each.words or repr('.') + ' as the decimal point'}" for each in several]
    marks = [("decimal", each.decimal) if each.decimal != "." else ("thousands", each.thousands) for each in several]
    whole = " or ".join(setting(name, mark) for name, mark in marks)

    def own(name: str) -> str:
        return " or ".join(read_as(name, {"number": {mark: value}}) for mark, value in marks)

    return BadValue(
        words.first[word],
        "the values are numbers that can be read in two ways",
        expected=" or ".join(readings),
        got=repr(word),
        fix=lambda name: f"say which: {own(name)}; of a whole .csv file: {whole}",
    )
