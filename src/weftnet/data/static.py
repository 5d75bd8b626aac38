"""What is the same in all rows of a series: the columns of the input `table`, a row for each series.

A column of numbers is a number, any other a category, unless `kinds` says otherwise. They are fitted on the series, of
which each counts once.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.data.content import Content, located
from weftnet.data.infer import Spec, make
from weftnet.data.kinds._kind import BadValue, Cell, Kind
from weftnet.data.kinds._numbers import floats
from weftnet.data.timeline import Timeline
from weftnet.errors import DataError, SettingError


def fit_static(
    content: Content, line: Timeline, names: Sequence[str], kinds: Mapping[str, Spec | None]
) -> dict[str, Kind]:
    """The fitted kinds of columns that are the same in all rows of a series.

    Raises:
        DataError: a column differs within a series, or its values can't be used.
        SettingError: `kinds` makes one something that is not part of a table.
    """
    fitted: dict[str, Kind] = {}
    for name in names:
        values = _of_series(content, name, line)
        kind = make(kinds.get(name) or ("number" if _numbers(values) else "category"), f"kinds: {name}")
        if not isinstance(kind, Cell):
            expected = "a kind of a table's cells, such as number or category"
            raise SettingError("can't be the same in all rows", where=f"kinds: {name}", expected=expected)
        fitted[name] = located(content, name, None, lambda kind=kind, values=values: kind.fit(values))
    return fitted


def read_static(content: Content, columns: Mapping[str, Kind], line: Timeline) -> NDArray[np.float32] | None:
    """(series, width) the input `table`; None where no column is the same in all rows of a series."""
    found = []
    for name, kind in columns.items():
        if isinstance(kind, Cell):
            values = _of_series(content, name, line)
            found.append(located(content, name, None, lambda kind=kind, values=values: kind.features(values)))
    return np.concatenate(found, 1) if found else None


def _of_series(content: Content, name: str, line: Timeline) -> NDArray[Any]:
    """The value of each series: its first one that is not missing, which all others have to equal.

    Raises:
        DataError: another one differs; names its row.
    """
    column, found = content.columns[name], []
    for series, (start, end) in zip(line.names, line.bounds, strict=True):
        rows = line.order[start:end]
        rows = rows[rows >= 0]
        rows = rows[[value is not None and value == value for value in column[rows].tolist()]]
        found.append(column[rows[0]] if len(rows) else None)
        differing = np.flatnonzero(column[rows] != found[-1])
        if len(differing):
            row, of = int(rows[differing[0]]), "" if series is None else f" {series!r}"
            raise DataError(
                f"the column is not the same in all rows of series{of}", where=content.place(name, row),
                expected=repr(found[-1]), got=repr(column[row]), fix="leave it out of static=…",
            )  # fmt: skip
    values = np.empty(len(found), dtype=object)
    values[:] = found
    return values


def _numbers(values: NDArray[Any]) -> bool:
    """Whether all of them are numbers or missing."""
    try:
        floats(values)
    except BadValue:
        return False
    return True
