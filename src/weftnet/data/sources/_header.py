"""The header of a table: whether its names can be used, and whether it is one at all."""

import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.base.limits import exceeded
from weftnet.base.limits import limit as limit_of
from weftnet.data.kinds._gaps import MISSING
from weftnet.data.kinds._numbers import floats
from weftnet.data.ways import setting
from weftnet.errors import DataError

#: what may stand between values
_MARKS = (";", "\t", "|", ",")
#: rows in which the names of the header are looked for
LOOK = 1000


def check_names(names: list[str], path: Path, delimiter: str) -> None:
    """Refuse a header of too many names, without a name somewhere, or with one twice.

    Raises:
        DataError: names the column.
    """
    other = next((mark for mark in _MARKS if mark in names[0] and mark != delimiter), None)
    if len(names) == 1 and other:
        what, fix = "the header is a single column", f"say what is between values: {setting('delimiter', other)}"
        raise DataError(what, where=str(path), got=repr(names[0]), fix=fix)
    if len(names) > limit_of("columns"):
        raise exceeded("columns", "has too many columns", where=str(path), got=str(len(names)), error=DataError)
    times = Counter(names)
    for number, name in enumerate(names, 1):
        if not name.strip() or times[name] > 1:
            what = f"two columns are called {name!r}" if name.strip() else f"column {number} has no name"
            given = [f"column_{place}" for place in range(1, len(names) + 1)]
            fix = "give every column a name of its own"
            if _is_number(name):
                fix = f"if the file has no header, name the columns: {setting('columns', given)}"
            raise DataError(what, where=f"{path}: row 1", fix=fix)


def looks_like_data(names: list[str], columns: Mapping[str, NDArray[Any]]) -> tuple[str, ...]:
    """A note where the header may be missing: names are numbers, fractions, or values of their own columns."""
    numbers = [name for name in names if name.strip().lower() in MISSING or _is_number(name)]
    values = [name for name in names if name not in numbers and name in columns[name].tolist()]
    fractions = [name for name in numbers if re.search(r"\d[.,]\d", name)]  # no year, no number of a place
    if 2 * len(numbers) <= len(names) and not values and not fractions:
        return ()
    shown, given = ", ".join(map(repr, names[:3])), [f"column_{place}" for place in range(1, len(names) + 1)]
    return (f"the first row looks like data ({shown}); if it is, name the columns: {setting('columns', given)}",)


def _is_number(word: str) -> bool:
    try:
        floats(np.array([word], dtype=object))
    except DataError:
        return False
    return True
