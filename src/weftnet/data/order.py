"""Shuffling that is a pure function of its seed: no generator is kept, so none has to be saved.

Source of the generator: Salmon and others, Parallel random numbers: as easy as 1, 2, 3, 2011. Only Philox's raw
64-bit stream is used, which NumPy promises never to change; everything derived from it is computed here.
"""

import hashlib
from collections.abc import Hashable

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]


def mix(*parts: Hashable) -> int:
    """A 64-bit hash of a few numbers and words; similar arguments give unrelated numbers."""
    return int.from_bytes(hashlib.sha256(repr(parts).encode()).digest()[:8], "little")


def draws(count: int, *seed: Hashable) -> NDArray[np.uint64]:
    """`count` independent uniform 64-bit numbers."""
    return np.random.Philox(key=mix(*seed)).random_raw(count)


def permutation(count: int, *seed: Hashable) -> Rows:
    """The numbers 0 … count − 1 in a random order: the order that sorts `count` random numbers."""
    return np.argsort(draws(count, *seed), kind="stable").astype(np.int64, copy=False)
