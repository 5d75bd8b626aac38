"""Examples in the order of a label's probability, and the average precision of that order.

AP = Σ_n (R_n − R_{n−1}) P_n                 over the thresholds, highest first, without interpolation
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Ranking:
    """The examples in the order of one label's probability, highest first.

    Args:
        order: (n,) their indices.
        positive: (n,) which of them, in that order, have the label.
        last: the positions of the last of equal probabilities in that order: no threshold separates equal ones.
    """

    order: NDArray[np.int64]
    positive: NDArray[np.bool_]
    last: NDArray[np.int64]

    @classmethod
    def of(cls, probabilities: NDArray[np.float64], positive: NDArray[np.bool_]) -> "Ranking":
        """The ranking of examples by their probabilities (n); `positive` (n) marks those that have the label."""
        order = np.argsort(-probabilities, kind="stable")
        sorted_ = probabilities[order]
        return cls(order, positive[order], np.flatnonzero(np.append(sorted_[1:] != sorted_[:-1], True)))

    def average_precision(self, weights: NDArray[np.float64]) -> float:
        """AP with a weight (n) for each example; NaN where none has the label."""
        ordered = weights[self.order]
        hits, taken = np.cumsum(ordered * self.positive)[self.last], np.cumsum(ordered)[self.last]
        if hits[-1] == 0:
            return math.nan
        return float((np.diff(hits, prepend=0.0) * hits / np.maximum(taken, 1.0)).sum() / hits[-1])
