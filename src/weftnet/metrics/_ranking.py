"""Examples in the order of a label's score, and the average precision of that order.

    AP = Σ_n (R_n − R_{n−1}) P_n       over the thresholds, highest first, without interpolation

R_n and P_n are recall and precision of the n highest scores; no threshold separates equal ones. With weights an example
counts as often as its weight says.
"""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Ranking:
    """The examples in the order of one label's score, highest first; sorted once for any number of weightings.

    Args:
        order: (n) their places.
        positive: (n) 1 for those that have the label, in that order.
        last: positions in that order, each the last of equal scores.
    """

    order: Tensor
    positive: Tensor
    last: Tensor

    @classmethod
    def of(cls, score: Tensor, positive: Tensor) -> "Ranking":
        """The ranking of examples by their scores (n); `positive` (n) marks those that have the label."""
        order = score.argsort(descending=True, stable=True)
        ordered = score[order]
        last = torch.ones_like(ordered, dtype=torch.bool)
        last[:-1] = ordered[1:] != ordered[:-1]
        return cls(order, positive[order].double(), last.nonzero().flatten())

    def average_precision(self, weights: Tensor | None = None) -> Tensor:
        """AP, with a weight (n) for each example; nan if none has the label."""
        ordered = torch.ones_like(self.positive) if weights is None else weights[self.order].double()
        hits, taken = (ordered * self.positive).cumsum(0)[self.last], ordered.cumsum(0)[self.last]
        gained = torch.diff(hits, prepend=hits.new_zeros(1))
        area: Tensor = (gained * hits / taken.clamp_min(1)).sum() / hits[-1]
        return area
