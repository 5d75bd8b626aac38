"""A column whose kind is not known yet, as recognisers see it."""

from collections.abc import Callable, Iterable
from functools import cached_property
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

#: values in a sample
SAMPLE = 10_000
#: different whole numbers up to which they count as classes
FEW = 20


class RawColumn:
    """The values of a column in the training rows, in chunks; those of an array are one chunk.

    Args:
        chunks: arrays; iterated repeatedly.
        table: whether the column is one of a table, rather than an array of its own.
        typed: whether the source distinguishes numbers from words, so that "07" is a word.
        target: whether the column is to be learnt.
    """

    def __init__(
        self, chunks: Iterable[NDArray[Any]], *, table: bool = True, typed: bool = False, target: bool = False
    ) -> None:
        self.chunks, self.table, self.typed, self.target = chunks, table, typed, target

    @cached_property
    def first(self) -> NDArray[Any]:
        """The first chunk: its axes and type are those of all."""
        return next(iter(self.chunks), np.empty(0, object))

    @property
    def start(self) -> int:
        """How many rows precede the chunk that is being read, where that is known; 0 otherwise."""
        return int(getattr(self.chunks, "start", 0))

    @property
    def single(self) -> bool:
        """Whether a row is a single value, in a table or as a target; an array of inputs has further axes."""
        return self.first.ndim == 1 and (self.table or self.target)

    @cached_property
    def sample(self) -> list[Any]:
        """The first values that are not missing; [] for a column without any."""
        values: list[Any] = []
        for chunk in self.chunks:
            values += present(chunk, SAMPLE - len(values))
            if len(values) >= SAMPLE:
                break
        return values

    def every(self, test: Callable[[list[Any]], bool]) -> bool:
        """Whether a test holds for the values present in each chunk that has any; reads the whole column."""
        return bool(self.sample) and all(test(values) for chunk in self.chunks if (values := present(chunk)))


def present(values: NDArray[Any], most: int | None = None) -> list[Any]:
    """The first values, `most` or all, that are not missing; of an array with more axes, its rows."""
    if values.ndim > 1:
        return list(values[:most])
    if values.dtype.kind == "f":
        values = values[~np.isnan(values)]
    if values.dtype.kind in "fiub":
        return list(values[:most].tolist())
    return list(islice((value for value in values.tolist() if value is not None), most))


def few_wholes(values: list[Any]) -> bool:
    """Whether numbers are whole and few of them different: probably classes."""
    numbers = np.array(values, np.float64)
    return bool((numbers == np.round(numbers)).all()) and len(np.unique(numbers)) <= FEW
