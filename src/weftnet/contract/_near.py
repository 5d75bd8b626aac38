"""Whether two answers are the same."""

import math
from collections.abc import Mapping
from typing import Any

from weftnet.base.wav import same_sound


def near(one: Any, other: Any) -> bool:
    """Whether two answers have the same words and sounds, and the same numbers to float32's precision."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(near(value, other[key]) for key, value in one.items())
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(near, one, other))
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-3, abs_tol=1e-4)
    if isinstance(one, str) and isinstance(other, str):
        return one == other or same_sound(one, other)
    return bool(one == other)
