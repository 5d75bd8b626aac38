"""Examples in the order of a label's probability, and how well the order finds those that have the label.

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
        order: (n,) their places.
        there: (n,) which of them, in that order, have the label.
        last: where, in that order, the last of equal probabilities is: a threshold is after all of them or before.
    """

    order: NDArray[np.int64]
    there: NDArray[np.bool_]
    last: NDArray[np.int64]

    @classmethod
    def of(cls, shares: NDArray[np.float64], there: NDArray[np.bool_]) -> "Ranking":
        """The ranking by probabilities (n) of examples of which some have the label (n)."""
        order = np.argsort(-shares, kind="stable")
        sorted_ = shares[order]
        return cls(order, there[order], np.flatnonzero(np.append(sorted_[1:] != sorted_[:-1], True)))

    def average_precision(self, weights: NDArray[np.float64]) -> float:
        """AP where each example counts as often as its weight (n) says; NaN where none has the label."""
        drawn = weights[self.order]
        hits, taken = np.cumsum(drawn * self.there)[self.last], np.cumsum(drawn)[self.last]
        if hits[-1] == 0:
            return math.nan
        return float((np.diff(hits, prepend=0.0) * hits / np.maximum(taken, 1.0)).sum() / hits[-1])
