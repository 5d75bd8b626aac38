"""Into which parts the rows of a content are cut: by its makers, by a column that says so, or as `splits.py` cuts."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.data.content import Content, located, part_named
from weftnet.data.kinds._kind import Kind
from weftnet.data.kinds.category import Category
from weftnet.data.order import Rows
from weftnet.data.preprocessing import missing_column
from weftnet.data.splits import PARTS, Splits, split
from weftnet.data.stamps import stamps
from weftnet.data.targets import target_values
from weftnet.errors import DataError


def left_out(splits: Splits) -> str | None:
    """The column that is no input because it cuts the rows: the parts' names, or groups of which training sees a few.

    A column of times stays one. `kinds` may name the column to keep it all the same.
    """
    cuts = isinstance(splits, Mapping) and splits.get("by") != "time"
    return splits.get("column") if cuts and isinstance(splits, Mapping) else None


def cut_rows(
    content: Content, target: Kind | None, splits: Splits, seed: int, along: NDArray[Any] | None = None
) -> dict[str, Rows]:
    """The row numbers of each part.

    Args:
        content: whose rows are cut.
        target: its kind; the rows of a category are cut class by class.
        splits: as a person gave them, see `splits.py`.
        seed: of the cut.
        along: the group of each row, where the splits ask for groups and name no column.
    """
    classes = (
        target_values(content).astype(str) if isinstance(target, Category) and content.target is not None else None
    )
    given = dict(content.given)
    if along is None and isinstance(splits, Mapping) and splits.get("by") in ("group", "time") and "column" in splits:
        along = along_of(content, splits)
    elif isinstance(splits, Mapping) and set(splits) == {"column"}:
        given, splits = _by_column(content, splits["column"]), "given"
    try:
        return split(content.count, splits, seed, classes=classes, given=given, along=along)
    except DataError as fault:
        fault.where = fault.where or content.source
        raise


def along_of(content: Content, splits: Mapping[str, Any]) -> NDArray[Any]:
    """The group or the time of each row."""
    column = splits["column"]
    values = _column(content, column)
    if splits["by"] == "time":
        points: NDArray[Any] = located(content, column, None, lambda: stamps(values))
        return points
    absent = np.array([value is None or value != value for value in values.tolist()])
    if absent.any():
        raise DataError("the row has no group", where=content.place(column, int(np.argmax(absent))))
    return values.astype(str)


def _column(content: Content, column: Any) -> NDArray[Any]:
    if column not in content.columns:
        raise missing_column(str(column), list(content.columns), f"{content.source}: splits")
    return content.columns[column]


def _by_column(content: Content, column: str) -> dict[str, Rows]:
    """The parts that a column names."""
    _column(content, column)
    parts: dict[str, list[int]] = {}
    for row, value in enumerate(content.columns[column].tolist()):
        word = part_named(str(value))
        if word is None:
            raise DataError(
                "this names no part", where=content.place(column, row), expected=", ".join(PARTS), got=repr(value)
            )
        parts.setdefault(word, []).append(row)
    return {part: np.array(rows, np.int64) for part, rows in parts.items()}
