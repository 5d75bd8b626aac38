"""What several forms read from JSON."""

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray


def numbers(value: Any) -> NDArray[Any]:
    """A list of JSON as an array of numbers.

    Raises:
        TypeError, ValueError: it isn't one.
    """
    if not isinstance(value, list):
        raise TypeError
    array = np.asarray(value)
    if array.dtype.kind not in "fiu":
        raise TypeError
    return array


def parse_json(text: str | bytes) -> Any:
    """A value written in JSON.

    Raises:
        ValueError: it is no JSON.
    """
    try:
        return json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
