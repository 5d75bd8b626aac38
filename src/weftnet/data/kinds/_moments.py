"""Mean and standard deviation of arrays too large for a float64 copy; checking and scaling arrays."""

from collections.abc import Iterable
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.data.columns import reblocked
from weftnet.data.kinds._kind import BadValue
from weftnet.errors import DataError

_CONSTANT = 1e-14  # relative standard deviation up to which a channel counts as constant
_BLOCK = 2**20  # values at a time: 8 MiB as float64


def moments(values: NDArray[Any], axis: int) -> tuple[list[float], list[float]]:
    """Mean and standard deviation (of the population) along every axis but `axis`; 1 where nothing varies."""
    return moments_of([values], axis)


def moments_of(chunks: Iterable[NDArray[Any]], axis: int) -> tuple[list[float], list[float]]:
    """The moments of an array that comes in chunks, bit for bit the same whatever their sizes.

    Blocks are combined as in Chan, Golub and LeVeque, 1979: no cancellation, each value is read once.
    A constant channel keeps the scale 1, so that it encodes to 0 rather than divide by zero.
    """
    chunks = (chunk for chunk in chunks if len(chunk))
    if (first := next(chunks, None)) is None:
        return [], []
    count, mean, squares = 0, np.zeros(kept := first.shape[axis]), np.zeros(kept)
    for values in reblocked(chain([first], chunks), max(1, _BLOCK // max(1, first[0].size))):
        block = np.moveaxis(values, axis, -1).reshape(-1, kept).astype(np.float64)
        block_mean = block.mean(0)
        delta, new = block_mean - mean, count + len(block)
        squares += ((block - block_mean) ** 2).sum(0) + delta**2 * count * len(block) / new
        mean += delta * len(block) / new
        count = new
    std = np.sqrt(squares / count)
    std[std <= _CONSTANT * np.abs(mean)] = 1.0  # rounding can leave a constant 1e-17
    return mean.tolist(), std.tolist()


def numeric(values: Any, axes: tuple[int, ...], what: str) -> NDArray[Any]:
    """The values as an array of numbers with this many axes, all finite.

    Raises:
        DataError: they are not; a value that is not finite is named by its row.
    """
    array = np.asarray(values)
    if array.dtype.kind not in "fiub" or array.ndim not in axes:
        expected = " or ".join(str(count) for count in axes)
        raise DataError(
            f"{what} is an array of numbers with {expected} axes", got=f"{array.dtype} with shape {array.shape}"
        )
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        row = int(np.argmin(np.isfinite(array).reshape(len(array), -1).all(1)))
        raise BadValue(row, f"{what} holds a value that is not finite", fix="fill or remove missing values first")
    return array


def scaled(array: NDArray[Any], mean: list[float], std: list[float]) -> NDArray[np.float32]:
    """(array − mean) / std along the last axis, float32."""
    values: NDArray[np.float64] = (array.astype(np.float64) - np.asarray(mean)) / np.asarray(std)
    return values.astype(np.float32)


def unscaled(values: NDArray[Any], mean: list[float], std: list[float]) -> NDArray[np.float64]:
    """The inverse of `scaled`."""
    array: NDArray[np.float64] = values.astype(np.float64) * np.asarray(std) + np.asarray(mean)
    return array
