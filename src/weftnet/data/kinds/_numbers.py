"""Raw values as numbers: words in the notation of their column, what counts as missing, dates as seconds."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.data.kinds._found import notation_of
from weftnet.data.kinds._gaps import is_gap
from weftnet.data.kinds._kind import BadValue
from weftnet.data.kinds._notation import PLAIN, Notation
from weftnet.data.kinds._raw import RawColumn, present
from weftnet.data.ways import correct

_LONG = 64  # words from which a column is read faster by arrow
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
                fix=correct,
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
