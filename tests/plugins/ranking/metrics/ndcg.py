"""Normalised discounted cumulative gain of the first k items.

    DCG@k = Σ_{i ≤ k} (2^grade_i − 1) / log2(i + 1)      i: place in the order of the scores
    NDCG@k = DCG@k / DCG@k of the best order             of a query without a relevant item: left out

Source: K. Järvelin and J. Kekäläinen, Cumulated gain-based evaluation of IR techniques, 2002,
https://doi.org/10.1145/582415.582418; the gain 2^grade − 1 is that of Burges and others, 2005.
"""

import torch
from torch import Tensor

from weftnet.metrics import All


class Ndcg(All, better="max", unit="share"):
    """From scores and grades (batch, items); a grade below 0 is an item that does not count.

    Args:
        k: places that count.
    """

    def __init__(self, k: int = 5) -> None:
        self.k = k
        super().__init__()

    def of(self, outputs: Tensor, target: Tensor) -> Tensor:
        """The mean over the queries with a relevant item; NaN if there is none."""
        return ndcg_of(outputs, target, self.k).nanmean()


def ndcg_of(scores: Tensor, grades: Tensor, k: int) -> Tensor:
    """(batch,) of each query; NaN where no item is relevant."""
    judged = grades >= 0
    gains = torch.where(judged, torch.exp2(grades.clamp(min=0).double()) - 1, 0.0)
    order = scores.double().masked_fill(~judged, -torch.inf).argsort(dim=1, descending=True, stable=True)
    best_order = gains.sort(dim=1, descending=True).values
    discount = 1 / torch.arange(2, 2 + min(k, gains.shape[1]), dtype=torch.float64, device=gains.device).log2()
    got, best = (each[:, : len(discount)] @ discount for each in (gains.gather(1, order), best_order))
    return torch.where(best > 0, got / best, torch.nan)
