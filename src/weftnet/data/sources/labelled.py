"""Arrays in memory as they are handed over: examples alone, or examples and what is predicted.

    X                             an array of numbers (rows, …), or a list of mappings, one a row
    (X, y)                        examples, and a value to predict for each
    ((X, y), (X_test, y_test))    the same with an official test part, as Keras loads data sets

X may be an array or a tensor, lists of numbers, a frame, a mapping of columns, or a list of texts or pictures.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from weftnet.base.foreign import reading
from weftnet.data.content import Content, fingerprint
from weftnet.data.keys import free
from weftnet.data.read import LIMIT
from weftnet.data.sources import frames
from weftnet.data.sources._held import array_of, examples, labels_of
from weftnet.data.sources._place import Place
from weftnet.data.sources.arrays import arrays
from weftnet.data.sources.table import hold as columns_held
from weftnet.errors import DataError

#: why the contract of sources has nothing to try it on
no_example = "because arrays in memory are no file"
_FORMS = "an array, a frame, a mapping of columns, or a list of texts or pictures"


def opens(place: Place) -> float:
    """A pair, a list, an array; not a frame, which hands its columns over itself."""
    values = place.values
    if isinstance(values, tuple):
        return 0.9 * (len(values) == 2)
    if isinstance(values, list):
        return 0.9
    return 0.8 * (values is not None and not isinstance(values, str | Mapping) and hasattr(values, "__array__"))


def read(path: Path, *, limit: int = LIMIT) -> Content:
    """Arrays are in memory.

    Raises:
        DataError: always.
    """
    raise DataError("arrays in memory are no file", where=str(path))


def hold(values: Any, name: str) -> Content:
    """Examples with or without a target.

    Raises:
        DataError: they are none of the forms, or differ in length.
    """
    with reading(name, "the values can't be read"):
        if not isinstance(values, tuple):
            return _alone(values, name)
        if all(isinstance(each, tuple) and len(each) == 2 for each in values):
            (x, y), (x_test, y_test) = values
            parts = {"x_train": x, "y_train": y, "x_test": x_test, "y_test": y_test}
            return arrays({part: np.asarray(_numbers(each, name)) for part, each in parts.items()}, name)
        x, y = values
        return _labelled(x, y, name)


def _alone(values: Any, name: str) -> Content:
    """Examples without a target of their own."""
    if isinstance(values, list) and values and all(isinstance(row, Mapping) for row in values):
        names = dict.fromkeys(str(column) for row in values for column in row)
        return columns_held({column: [row.get(column) for row in values] for column in names}, name)
    if isinstance(values, np.ndarray) and values.dtype.names:
        return columns_held({column: values[column] for column in values.dtype.names}, name)
    if (array := array_of(values, name)) is not None:
        return arrays({"x": array}, name)
    if isinstance(values, list) and values:
        return examples({"x": values}, None, name)
    raise DataError("this holds nothing that can be read", where=name, expected=_FORMS, got=type(values).__name__)


def _labelled(x: Any, y: Any, name: str) -> Content:
    """Examples, and what is predicted."""
    if isinstance(y, Mapping) or len(getattr(y, "columns", "y")) != 1:
        fix = "join its columns to X, and name them: target=[…]"
        raise DataError("the target is a table", where=name, expected="one value for each row", fix=fix)
    labels = labels_of(y, name)
    if (numbers := array_of(x, name)) is not None and not hasattr(x, "columns"):
        return arrays({"x": numbers, "y": labels}, name)
    if isinstance(x, Mapping):
        content = columns_held(x, name)
    elif hasattr(x, "__arrow_c_stream__") or hasattr(x, "__dataframe__"):
        content = frames.hold(x, name)
    elif isinstance(x, list | np.ndarray) and len(x):
        content = examples({"x": list(x)}, None, name)
    else:
        raise DataError("the examples can't be read", where=name, expected=_FORMS, got=type(x).__name__)
    if len(labels) != content.count:
        raise DataError("X and y differ in length", where=name, got=f"{content.count} and {len(labels)}")
    called = next(iter(y.columns)) if hasattr(y, "columns") else getattr(y, "name", None)
    target = free(called if isinstance(called, str) else "y", content.columns)
    held = columns_held({target: labels}, name).columns[target]
    columns = {**content.columns, target: held}
    return replace(content, columns=columns, target=target, fingerprint=fingerprint(columns))


def _numbers(values: Any, name: str) -> Any:
    array = array_of(values, name)
    if array is None:
        fix = "give them as validation=… and test=…"
        raise DataError("two parts of a data set are arrays of numbers", where=name, got=type(values).__name__, fix=fix)
    return array
