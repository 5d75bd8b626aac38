"""Values in memory as NumPy: tensors of torch, series of pandas and polars, whatever else hands over an array."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.data.content import Content
from weftnet.data.media import is_picture
from weftnet.data.sources._plain import plain
from weftnet.data.sources.arrays import arrays
from weftnet.data.sources.table import hold as columns_held
from weftnet.errors import DataError


def array_of(value: Any, where: str) -> NDArray[Any] | None:
    """Numbers as an array of them, None for anything else.

    Raises:
        DataError: the matrix is sparse.
    """
    if type(value).__module__.startswith("scipy.sparse"):
        fix = "hand over X.toarray(), if there is memory for it"
        raise DataError("a sparse matrix can't be read", where=where, got=type(value).__name__, fix=fix)
    if is_picture(value) or isinstance(value, str | bytes | Mapping):
        return None
    try:
        array = np.asarray(plain(value))
    except (ValueError, TypeError, RuntimeError):  # rows of unequal shapes
        return None
    return array if array.dtype.kind in "iufb" else None


def labels_of(values: Any, where: str) -> NDArray[Any]:
    """A target as an array of one value, or of several numbers, for each row.

    Raises:
        DataError: it is no such array.
    """
    labels = np.asarray(plain(values))
    if not labels.ndim:
        expected = "one value for each row"
        raise DataError("the target is a single value", where=where, expected=expected, got=repr(labels))
    if labels.ndim == 2 and labels.shape[1] == 1:
        return labels[:, 0]
    return labels


def examples(named: Mapping[str, list[Any]], target: str | None, where: str) -> Content:
    """Examples by the names of their values: arrays of one shape as arrays, anything else as columns.

    Args:
        named: the values of all examples, by name.
        target: which of them is predicted.
        where: for messages.
    """
    stacked = {name: _stacked(values) for name, values in named.items()}
    known = {"x", "y"} if target == "y" else {"x"}
    if set(stacked) == known and all(isinstance(each, np.ndarray) for each in stacked.values()):
        return arrays(stacked, where)
    content = columns_held(stacked, where)
    return content if target is None else Content(**{**vars(content), "target": target})


def _stacked(values: list[Any]) -> Any:
    """An array of all values, where they are numbers of one shape."""
    first = plain(values[0])
    if not isinstance(first, np.ndarray | int | float | np.number):
        return values
    held = [plain(value) for value in values]
    if len({np.shape(value) for value in held}) > 1:
        return held
    return np.stack([np.asarray(value) for value in held])
