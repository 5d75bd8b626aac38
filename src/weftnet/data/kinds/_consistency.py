"""Whether a kind's state, read from a file, is consistent. Fields of one name mean the same in every kind."""

from itertools import pairwise
from typing import Any

import numpy as np

#: values of one example that a network may read: 256 MiB as float32
LARGEST = 2**26
#: tokens of one example
_LONGEST = 2**18
_TOGETHER = (("mean", "std"), ("shift", "scale"))


def contradiction(kind: Any) -> str:
    """What is inconsistent, in a few words; empty if nothing is. The types of the fields are already checked."""
    for first, second in _TOGETHER:
        if isinstance(getattr(kind, first, None), list) and len(getattr(kind, first)) != len(getattr(kind, second)):
            return f"{first} and {second} differ in length"
    for name in ("std", "scale", "rms", "hertz"):
        values = getattr(kind, name, [])
        if not all(value > 0 for value in (values if isinstance(values, list) else [values])):
            return f"{name}: expected positive numbers"
    for name in ("labels", "vocabulary"):
        values = list(map(str, getattr(kind, name, [])))
        if len(set(values)) < len(values):
            return f"{name}: an entry occurs twice"
    if getattr(kind, "deep", None) is not None and not _levels(kind.deep):
        return "deep: expected two levels of 16 bits, ascending"
    edges = getattr(kind, "edges", [])
    if len(edges) == 1 or any(low >= high for low, high in pairwise(edges)):
        return "edges: expected ascending numbers"
    return _type(getattr(kind, "dtype", "")) or _sizes(kind)


def _levels(deep: list[int]) -> bool:
    return len(deep) == 2 and 0 <= deep[0] <= deep[1] < 2**16


def _type(name: str) -> str:
    try:
        valid = not name or np.dtype(name).kind in "iubf"
    except (TypeError, ValueError):
        valid = False
    return "" if valid else f"dtype: {name[:40]!r} is no type of numbers"


def _sizes(kind: Any) -> str:
    channels = len(kind.shift) if hasattr(kind, "shift") else 0
    if hasattr(kind, "sizes") and channels and (len(kind.sizes) != 3 or kind.sizes[0] != channels):
        return f"sizes: expected {channels} channels, height and width"
    sizes = kind.signal.sizes
    most = LARGEST if kind.signal.dtype == "float" else _LONGEST
    if min(sizes, default=1) < 1 or kind.signal.numel > most:
        return f"an example has at most {most} values"
    return ""
