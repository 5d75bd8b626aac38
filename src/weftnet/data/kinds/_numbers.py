"""Raw values as numbers: words in the notation of their column, what counts as missing, dates as seconds."""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.data.kinds._kind import BadValue
from weftnet.data.kinds._notation import PLAIN, Notation, candidates, parts
from weftnet.data.kinds._raw import FEW, RawColumn, present

#: words that mean a missing value in any column
MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "?", "#n/a", "#na", "<na>", "nat"})
#: words that mean one beside numbers
GAPS = frozenset(
    ["-", "--", "—", "–", ".", "..", "…", "n.a.", "#div/0!", "#value!", "#num!", "#ref!", "#name?", "#null!"]
)
_LONG = 1000
_STRAYS = 0.05  # share of words up to which a column counts as numbers with mistakes
_DISTINCT = 2**14  # different words from which a notation is found
_ZEROS = re.compile(r"\s*[-+]?0\d+\s*")


@dataclass
class Look:
    """What a column of numbers looks like.

    Args:
        words: whether it is written as words.
        zeros: whether some begin with a zero, as codes do.
        points: whether some are written with a fraction, be it 0.
    """

    words: bool = False
    zeros: bool = False
    points: bool = False


def look(column: RawColumn) -> Look | None:
    """What a column of numbers looks like; None if it isn't one.

    Raises:
        BadValue: nearly all values are numbers and a few are not; or the notation can be read in two ways.
    """
    seen, plain, real = Look(), True, False
    for chunk in column.chunks:
        if chunk.dtype.kind in "fiu":
            real, seen.points = True, seen.points or chunk.dtype.kind == "f"
            continue
        values = [value for value in present(chunk) if not is_gap(value)]
        if chunk.dtype.kind not in "OU" or any(isinstance(value, bool | np.bool_ | bytes) for value in values):
            return None
        words = [value for value in values if isinstance(value, str)]
        plain = plain and _parse(values) and not (column.typed and 0 < len(words) < len(values))
        real, seen.words = real or bool(values), seen.words or bool(words)
        seen.zeros = seen.zeros or any(word.lstrip("-+ ")[:1] == "0" and _ZEROS.fullmatch(word) for word in words)
        seen.points = seen.points or any("." in word for word in words)
    if not plain and notation_of(column.chunks, column.typed) is None:
        return None
    return seen if real else None


def is_gap(value: Any) -> bool:
    """Whether a value of a column of numbers is missing."""
    return value is None or (isinstance(value, str) and ((word := value.strip().lower()) in MISSING or word in GAPS))


def gaps(chunks: Iterable[NDArray[Any]]) -> Counter[str]:
    """The words of a column of numbers that mean a missing value only there, and how often."""
    found: Counter[str] = Counter()
    for chunk in chunks:
        if chunk.dtype.kind in "OU":
            found.update(word for word in chunk.tolist() if isinstance(word, str) and word.strip().lower() in GAPS)
    return found


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


def in_plain(word: str, notation: Notation) -> str:
    """A word in plain notation, if it is a number in the one given; otherwise as it is."""
    try:
        return f"{notation.read(word):.17g}"
    except ValueError:
        return word


def _refuse(words: _Words, strays: list[str], numbers: int, notation: Notation) -> None:
    """Refuse a column of numbers with a few words in it: read as categories the numbers would be lost."""
    count = sum(words.counts[word] for word in strays)
    if count > _STRAYS * words.total or numbers <= FEW:
        return
    first = min(strays, key=words.first.__getitem__)
    once = f" once {notation.words} is read" if notation.words else ""
    raise BadValue(
        words.first[first],
        f"nearly every value is a number{once}, but {count} {'is' if count == 1 else 'are'} not",
        expected="a number such as 3.5, or nothing",
        got=repr(first),
        fix="correct the value; or set the kind: --kind COLUMN=category (none: 'COLUMN='), kinds={COLUMN: …}",
    )


def _ambiguous(words: _Words, several: list[Notation]) -> BadValue:
    word = next(word for word in words.counts if len({each.read(word) for each in several}) > 1)
    readings = [f"{each.read(word):g} with {each.words or repr('.') + ' as the decimal point'}" for each in several]
    marks = [("decimal", each.decimal) if each.decimal != "." else ("thousands", each.thousands) for each in several]
    whole = " or ".join(f"--data-set {name}={mark}" for name, mark in marks)
    own = " or ".join(f"--kind 'COLUMN={{number: {{{name}: \"{mark}\"}}}}'" for name, mark in marks)
    return BadValue(
        words.first[word],
        "the values are numbers that can be read in two ways",
        expected=" or ".join(readings),
        got=repr(word),
        fix=f"say which: {own}; of a whole .csv file: {whole}",
    )


def floats(values: Any, notation: Notation | None = None) -> NDArray[np.float64]:
    """Raw values (numbers, words, None, dates) as float64, NaN for missing; dates are seconds since 1970.

    Args:
        values: of a column.
        notation: of its words; None to find it in them, where they are not plain.

    Raises:
        BadValue: a word that is no number, or an infinite number.
    """
    array = np.asarray(values)
    if array.dtype.kind == "M":
        whole = array.astype("datetime64[us]")
        return np.where(np.isnat(whole), np.nan, whole.astype(np.int64) / 1e6)
    if array.dtype.kind not in "fiub":
        plain = notation is None or notation == PLAIN
        parsed = _parsed_by_arrow(array) if plain else None
        array = _parsed(array, notation) if parsed is None else parsed
    numbers = array.astype(np.float64)
    if numbers.ndim != 1:
        raise BadValue(0, "a number column holds one number per row", got=f"shape {numbers.shape}")
    if np.isinf(numbers).any():
        raise BadValue(int(np.argmax(np.isinf(numbers))), "a number is infinite", expected="a finite number")
    return numbers


def _parsed(array: NDArray[Any], notation: Notation | None) -> NDArray[np.float64]:
    """Values one by one."""
    numbers = np.empty(len(array), np.float64) if array.ndim == 1 else np.empty(array.shape, np.float64)
    for row, value in enumerate(array.tolist()):
        try:
            numbers[row] = _number(value, notation or PLAIN)
        except (TypeError, ValueError):
            found = notation_of([array]) if notation is None and array.ndim == 1 else None
            if found is not None and found != PLAIN:
                return _parsed(array, found)
            raise BadValue(
                row,
                "this is not a number",
                expected="a number such as 3.5, or nothing",
                got=repr(value),
                fix="correct the value, or read it as 'category' or 'text': --kind COLUMN=category, kinds={COLUMN: …}",
            ) from None
    return numbers


def _number(value: Any, notation: Notation) -> float:
    if is_gap(value):
        return np.nan
    if not isinstance(value, str):
        return float(value)
    if notation != PLAIN:
        try:
            return notation.read(value)
        except ValueError:
            pass
    if "_" in value:  # Python accepts "1_000" as a number, other readers do not
        raise ValueError
    try:
        return float(value)
    except ValueError:
        return PLAIN.read(value)


def _parse(values: list[Any]) -> bool:
    """Whether all values are numbers in plain notation.

    Raises:
        BadValue: one is infinite.
    """
    try:
        cells = np.empty(len(values), dtype=object)
        cells[:] = values
        floats(cells, PLAIN)
    except ValueError:  # arrays of several sizes
        return False
    except BadValue as fault:
        if "infinite" in fault.what:
            raise
        return False
    return True


def _parsed_by_arrow(words: NDArray[Any]) -> NDArray[np.float64] | None:
    """A long column of words parsed by arrow, ten times as fast; None if it is short, or arrow can't parse it."""
    if len(words) < _LONG:
        return None
    try:
        import pyarrow as pa
        import pyarrow.compute as pc
    except ModuleNotFoundError:  # an exported runner works without
        return None

    try:
        trimmed = pc.utf8_trim_whitespace(pa.array(words, pa.string(), from_pandas=True))
        numbers: NDArray[np.float64] = pc.cast(trimmed, pa.float64()).to_numpy(zero_copy_only=False)
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return None
    return numbers
