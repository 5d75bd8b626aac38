"""The splits of a content's rows: its own, those that a column names, or made as `splits.py` says."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.data.content import Content, located
from weftnet.data.kinds._kind import Kind
from weftnet.data.official import rest_of
from weftnet.data.order import Rows
from weftnet.data.preprocessing import missing_column
from weftnet.data.request import Request
from weftnet.data.split_names import split_named
from weftnet.data.splits import SPLITS, SplitSpec, split
from weftnet.data.stamps import stamps
from weftnet.data.targets import target_values
from weftnet.errors import DataError, SettingError


def excluded_column(spec: SplitSpec) -> str | None:
    """The column that is no input because it defines the splits: their names, or groups of which training sees a few.

    A column of times stays an input. `kinds` may name the column to keep it all the same.
    """
    if not isinstance(spec, Mapping) or spec.get("by") == "time":
        return None
    return spec.get("column")


def split_rows(
    content: Content, target: Kind | None, spec: SplitSpec, seed: int, keys: NDArray[Any] | None = None,
    official: bool = False,
) -> dict[str, Rows]:  # fmt: skip
    """The row numbers of each split.

    Args:
        content: whose rows are split.
        target: its kind; the rows of a category are split class by class.
        spec: as a person wrote it, see `splits.py`.
        seed: of the shuffling.
        keys: the group of each row, where the spec requires groups and names no column.
        official: whether somebody named the content's own splits: the spec then splits the training part alone.
    """
    classes = None
    if target is not None and target.measures == "nominal" and content.target is not None:
        classes = target_values(content).astype(str)
    own = dict(content.splits)
    if keys is None and isinstance(spec, Mapping) and spec.get("by") in ("group", "time") and "column" in spec:
        keys = keys_of(content, spec)
    elif isinstance(spec, Mapping) and set(spec) == {"column"}:
        own, spec = _named_by(content, spec["column"]), "given"
    try:
        if official and spec not in (None, "given"):
            return _rest(content, spec, seed, classes, keys)
        return split(content.count, spec, seed, classes=classes, own=own, keys=keys)
    except DataError as fault:
        fault.where = fault.where or content.source
        raise


def _rest(
    content: Content, spec: SplitSpec, seed: int, classes: NDArray[Any] | None, keys: NDArray[Any] | None
) -> dict[str, Rows]:
    """The content's own test rows; its training rows split into training and validation, as the spec says."""
    rows = content.splits["train"]
    classes, keys = (None if each is None else each[rows] for each in (classes, keys))
    inner = split(len(rows), rest_of(spec or {}, content.splits), seed, classes=classes, own={}, keys=keys)
    parts = {split: rows[inner[split]] for split in ("train", "validation")}
    return {**parts, "test": content.splits.get("test", np.empty(0, np.int64))}


def joined(splits: Mapping[str, Rows]) -> dict[str, Rows]:
    """The splits with the rows of validation among those of training."""
    train = np.sort(np.concatenate([splits["train"], splits["validation"]]))
    return {**splits, "train": train, "validation": np.empty(0, np.int64)}


def keys_of(content: Content, spec: Mapping[str, Any]) -> NDArray[Any]:
    """The group or the time of each row."""
    column = spec["column"]
    values = _column(content, column)
    if spec["by"] == "time":
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


def _named_by(content: Content, column: str) -> dict[str, Rows]:
    """The splits that a column names."""
    splits: dict[str, list[int]] = {}
    for row, value in enumerate(_column(content, column).tolist()):
        name = split_named(str(value))
        if name is None:
            raise DataError(
                "this names no split", where=content.place(column, row), expected=", ".join(SPLITS), got=repr(value)
            )
        splits.setdefault(name, []).append(row)
    return {name: np.array(rows, np.int64) for name, rows in splits.items()}


def whole_groups(splits: SplitSpec) -> dict[str, Any]:
    """The same shares or folds, of whole groups."""
    settings = dict(splits) if isinstance(splits, Mapping) else {}
    if settings.get("by") in ("group", "time") or set(settings) == {"column"}:
        raise SettingError("these splits already determine where a row goes", where="duplicates", got=repr(splits))
    return {**settings, "by": "group", "column": "duplicates"}


def compared(content: Content, request: Request) -> list[str] | None:
    """The columns in which rows are compared, if they are: those that are not left out."""
    if request.state is not None:
        return request.state.get("duplicates")
    out = {name for name, spec in request.kinds.items() if spec is None} | (content.aside - set(request.kinds))
    return [name for name in content.columns if name not in out] if request.duplicates == "group" else None
