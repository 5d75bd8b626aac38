"""A random sample of values that come in chunks: each value draws a random number, the smallest win."""

import numpy as np
from numpy.typing import NDArray


class Sample:
    """Keeps `size` of all values added, each with the same probability; all of them while there are no more.

    The choice is a pure function of the values' order, whatever the sizes of the chunks.

    Args:
        size: values to keep.
    """

    def __init__(self, size: int) -> None:
        self.size, self.values = size, np.empty(0)
        self._draws = np.empty(0, np.uint64)
        self._random = np.random.Philox(key=size)

    def add(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Take further values into account, and return them."""
        if self.size:
            draws = np.concatenate([self._draws, self._random.random_raw(len(values))])
            held = np.concatenate([self.values, values])
            if len(held) > self.size:
                chosen = np.argpartition(draws, self.size)[: self.size]
                draws, held = draws[chosen], held[chosen]
            self._draws, self.values = draws, held
        return values
