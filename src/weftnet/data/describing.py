"""What the columns of a table look like, and which of them is likely to be the one to predict.

A guess is said, never acted on: which column is the target is the user's to say.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from numpy.typing import NDArray

from weftnet.base.numbers import number
from weftnet.data.data import Data
from weftnet.data.kinds._kind import Kind, most_common
from weftnet.data.kinds._state import name_of
from weftnet.data.rows import RowData

#: the most training rows that are looked at
_ROWS = 10_000
#: what targets are called, where they are called by what they are
_CALLED = ("target", "label", "labels", "class", "outcome", "response", "y")


@dataclass(frozen=True)
class Look:
    """A column as it was read.

    Args:
        kind: the name of its kind; empty where it is left out.
        missing: rows without a value.
        distinct: different values; None for files and arrays, which are not compared.
        summary: its values in a few words.
        rows: that were looked at.
    """

    kind: str
    missing: int
    distinct: int | None
    summary: str
    rows: int

    def __str__(self) -> str:
        """number, 31 different, 3 missing: 12 … 45."""
        counts = [f"{self.distinct} different"] if self.distinct is not None else []
        counts += [f"{self.missing} missing"] if self.missing else []
        return f"{', '.join([self.kind or 'left out', *counts])}: {self.summary}"


def looks(data: Data) -> dict[str, Look]:
    """What each column of a table looks like in its first 10,000 training rows; {} for other data."""
    if not isinstance(data, RowData):
        return {}
    kinds = dict(data.preprocessing.columns)
    if data.target_column is not None and data.target is not None:
        kinds.setdefault(data.target_column, data.target)
    raw = data.raw(data.rows("train").numpy()[:_ROWS])
    return {name: _look(values, kinds.get(name)) for name, values in raw.items()}


def likely_target(columns: Mapping[str, Look]) -> tuple[str, str]:
    """The column that is most likely meant to be predicted, and why: by its name, or the last that is no name of rows.

    Args:
        columns: those that can be targets, at least one.
    """
    for word in _CALLED:
        for name in columns:
            if name.strip().lower() == word:
                return name, "its name says so"
    for name, look in reversed(list(columns.items())):
        if look.distinct is not None and look.distinct > 1 and not (look.distinct == look.rows and look.kind == "text"):
            return name, "the last column"
    return list(columns)[-1], "the last column"


def _look(values: NDArray[Any], kind: Kind | None) -> Look:
    called = name_of(type(kind)) if kind else ""
    if values.ndim > 1 and not values.dtype.hasobject:
        whole = " × ".join(map(str, values.shape[1:]))
        return Look(
            called, 0, None, f"{whole} of {values.dtype}, {number(values.min())} … {number(values.max())}", len(values)
        )
    cells = values.tolist()
    real = [value for value in cells if value is not None and value == value]
    distinct = None if kind and kind.suffixes else len({str(value) for value in real})
    return Look(called, len(cells) - len(real), distinct, kind.summary(real) if kind else most_common(real), len(cells))
