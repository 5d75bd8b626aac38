"""Columns of arrow arrays (Parquet, Feather, Hub data sets): one NumPy array per column, by the column's type.

    integers, truth values      as they are; objects with None where values are missing
    floats, decimals            floats, NaN where missing
    dates with or without times datetime64 in microseconds, in UTC; NaT where missing
    times of day                words such as 13:45:00
    durations                   seconds: a number
    words, dictionaries         objects, None where missing
    bytes, {bytes, path}        objects of bytes: an image or a recording in its file format
    lists of words              objects, each a list: several labels at once
    lists of numbers            (rows, length) or (rows, time, dim), all of one length
    a class label of the Hub    its name

A path in the data is never opened.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.base.foreign import reading
from weftnet.data.kinds._kind import BadValue
from weftnet.data.ways import setting
from weftnet.errors import DataError


@dataclass
class ArrowReader:
    """Reads one column, in chunks or whole; inspects all of it before it returns any values.

    Args:
        labels: names of the integers, if they are a class label.
        missing: whether any value is missing.
        shape: of a row's list of numbers.
        rows: how many were inspected.
    """

    labels: list[str] = field(default_factory=list)
    missing: bool = False
    shape: tuple[int, ...] | None = None
    rows: int = 0

    def inspect(self, array: Any) -> None:
        """Inspect further rows.

        Raises:
            BadValue: a list differs in length or is missing, or the type is not supported.
        """
        array = _plain(array)
        self.missing = self.missing or array.null_count > 0
        if _is_numbers(array.type):
            self._inspect_lists(array)
        elif not _is_supported(array.type):
            raise BadValue(
                self.rows,
                f"a column of the type {array.type} is not supported",
                expected="numbers, words, dates, bytes, or lists of numbers or words",
                fix=lambda name: f"read other columns than {name!r}: {setting('columns', ['a', 'b'])}",
            )
        self.rows += len(array)

    def array(self, array: Any) -> NDArray[Any]:
        """These rows of the column, as NumPy."""
        import pyarrow as pa

        array, kind = _plain(array), pa.types
        if _is_numbers(array.type):
            return _stacked(array, self.shape or (0,))
        if self.labels:
            return _named(array, self.labels)
        if kind.is_decimal(array.type):
            array = array.cast(pa.float64())
        if kind.is_date(array.type) or kind.is_timestamp(array.type):
            return np.asarray(array.cast(pa.timestamp("us"), safe=False).to_numpy(zero_copy_only=False))
        if kind.is_duration(array.type):
            return _seconds(array)
        if kind.is_time(array.type):
            array = pa.array([None if each is None else each.isoformat() for each in array.to_pylist()], pa.string())
        if kind.is_struct(array.type):
            return _files(array)
        if kind.is_floating(array.type) or (kind.is_integer(array.type) and not self.missing):
            values: NDArray[Any] = array.to_numpy(zero_copy_only=False)
            return values
        if kind.is_boolean(array.type) and not self.missing:
            return np.asarray(array.to_numpy(zero_copy_only=False), np.bool_)
        cells = np.empty(len(array), dtype=object)
        for row, value in enumerate(array.to_pylist()):
            cells[row] = value
        return cells

    def _inspect_lists(self, array: Any) -> None:
        if array.null_count:
            row = self.rows + int(np.argmax(array.is_null().to_numpy(zero_copy_only=False)))
            raise BadValue(row, "a list is missing", fix="fill it in, or remove the row")
        shapes = _shapes(array, self.rows)
        if self.shape is None and len(shapes):
            self.shape = tuple(int(size) for size in shapes[0])
        wrong = (shapes != np.array(self.shape or ())).any(1)
        if wrong.any():
            row = int(np.argmax(wrong))
            raise BadValue(
                self.rows + row,
                "the lists of a column differ in length",
                expected=f"shape {self.shape}, as in the first row",
                got=f"shape {tuple(shapes[row].tolist())}",
                fix="cut or pad them to one length",
            )


def class_names(metadata: Mapping[bytes, bytes] | None) -> dict[str, list[str]]:
    """Names of class labels by column, as Hub data sets store them in a schema."""
    import json

    with suppress(DataError), reading("the schema's metadata"):
        features = json.loads((metadata or {}).get(b"huggingface", b"{}"))["info"]["features"]
        return {
            str(name): [str(label) for label in feature["names"]]
            for name, feature in features.items()
            if isinstance(feature, dict) and feature.get("_type") == "ClassLabel"
        }
    return {}


def index_names(metadata: Mapping[bytes, bytes] | None) -> set[str]:
    """The columns that pandas wrote a table's index to, as a schema says."""
    import json

    try:
        names = json.loads((metadata or {}).get(b"pandas", b"{}"))["index_columns"]
        return {name for name in names if isinstance(name, str)}
    except (ValueError, KeyError, TypeError):
        return set()


def _plain(array: Any) -> Any:
    """One array without extension types, dictionaries and slices of offsets."""
    import pyarrow as pa

    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks() if array.num_chunks != 1 else array.chunk(0)
        if isinstance(array, pa.ChunkedArray):  # arrow returns no array for zero rows
            array = pa.array([], array.type)
    if isinstance(array.type, pa.ExtensionType):
        array = array.storage
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    return array


def _is_list(type_: Any) -> bool:
    import pyarrow as pa

    kind = pa.types
    return bool(kind.is_list(type_) or kind.is_large_list(type_) or kind.is_fixed_size_list(type_))


def _is_numbers(type_: Any) -> bool:
    """Whether a type is lists of numbers, nested or not."""
    import pyarrow as pa

    inner = type_
    while _is_list(inner):
        inner = inner.value_type
    return _is_list(type_) and bool(
        pa.types.is_integer(inner) or pa.types.is_floating(inner) or pa.types.is_boolean(inner)
    )


def _is_supported(type_: Any) -> bool:
    import pyarrow as pa

    kind = pa.types
    if kind.is_struct(type_):
        return {type_.field(place).name for place in range(type_.num_fields)} == {"bytes", "path"}
    if _is_list(type_):
        type_ = type_.value_type
        return bool(kind.is_string(type_) or kind.is_large_string(type_))
    tests = (
        kind.is_integer, kind.is_floating, kind.is_boolean, kind.is_decimal, kind.is_temporal, kind.is_null,
        kind.is_string, kind.is_large_string, kind.is_string_view,
        kind.is_binary, kind.is_large_binary, kind.is_fixed_size_binary,
    )  # fmt: skip
    return any(test(type_) for test in tests)


def _shapes(array: Any, first: int) -> NDArray[np.int64]:
    """(rows, axes) the size of each row's list, and of the lists in it."""
    import pyarrow.compute as pc

    sizes: NDArray[np.int64] = pc.list_value_length(array).to_numpy(zero_copy_only=False).astype(np.int64)
    inner = array.flatten()
    if not _is_list(inner.type):
        if inner.null_count:
            missing = int(np.argmax(inner.is_null().to_numpy(zero_copy_only=False)))
            row = first + int(np.searchsorted(np.cumsum(sizes), missing, side="right"))
            raise BadValue(row, "a list holds a missing number", fix="fill it in")
        return sizes[:, None]
    below = _shapes(inner, first)
    starts = np.cumsum(sizes) - sizes
    if not len(below):
        return np.stack([sizes, np.zeros_like(sizes)], 1)
    head = below[np.minimum(starts, len(below) - 1)]
    owner = np.repeat(np.arange(len(sizes)), sizes)
    uneven = (below != head[owner]).any(1)
    if uneven.any():
        raise BadValue(first + int(owner[np.argmax(uneven)]), "the lists within a row differ in length")
    return np.concatenate([sizes[:, None], head], 1)


def _stacked(array: Any, shape: tuple[int, ...]) -> NDArray[Any]:
    count = len(array)
    while _is_list(array.type):
        array = array.flatten()
    values: NDArray[Any] = array.to_numpy(zero_copy_only=False)
    return values.reshape(count, *shape)


def _named(array: Any, labels: list[str]) -> NDArray[Any]:
    """Class labels by name; a number without a name (−1 by convention) is missing."""
    names = np.array([*labels, None], dtype=object)
    numbers = array.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    chosen: NDArray[Any] = names[np.where((numbers >= 0) & (numbers < len(labels)), numbers, len(labels))]
    return chosen


def _seconds(array: Any) -> NDArray[np.float64]:
    """Durations as seconds; NaN for missing."""
    import pyarrow as pa

    scale = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}[array.type.unit]
    numbers: NDArray[np.float64] = array.cast(pa.int64()).to_numpy(zero_copy_only=False).astype(np.float64) / scale
    return numbers


def _files(array: Any) -> NDArray[Any]:
    """The bytes of files; a path without bytes is refused."""
    bytes_, paths = array.field("bytes").to_pylist(), array.field("path").to_pylist()
    cells = np.empty(len(array), dtype=object)
    valid = array.is_valid().to_pylist()
    for row, (content, path) in enumerate(zip(bytes_, paths, strict=True)):
        if valid[row] and content is None and path is not None:
            raise BadValue(
                row,
                "the data hold a file's path without its bytes, and a path in the data is never opened",
                got=repr(path),
                fix="embed the files (datasets: `embed_external_files`), or open the folder of the files itself",
            )
        cells[row] = content if valid[row] else None
    return cells
