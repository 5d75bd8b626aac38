"""Edges of bins over a sample of numbers: quantiles, and every value that would fill a bin alone.

    e edges are left for n values: a value that occurs more than n / (e − 1) times becomes an edge itself, the commonest
    first; the edges that remain are the quantiles 0, 1/(e − 1), …, 1 of the remaining values

So a column of zeros with a few other values has its edges in those, where plain quantiles would all be 0.
Quantiles as edges: Y. Gorishniy, I. Rubachev, A. Babenko, On embeddings for numerical features in tabular deep
learning, 2022, https://arxiv.org/abs/2203.05556, section 3.2.1, which has no rule for repeated values.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray


def edges_of(values: NDArray[Any], bins: int) -> list[float]:
    """The edges, ascending and distinct: at most `bins` + 1; every distinct value where these are no more.

    Args:
        values: (count,) finite numbers, at least one.
        bins: at least 1.
    """
    distinct, counts = np.unique(values.astype(np.float64), return_counts=True)
    if len(distinct) <= bins + 1:
        return [float(value) for value in distinct]
    order, total, alone = np.argsort(-counts, kind="stable"), counts.sum(), 0
    while counts[order[alone]] * (bins - alone) > total:
        total -= counts[order[alone]]
        alone += 1
    others = np.sort(order[alone:])
    quantiles = np.quantile(np.repeat(distinct[others], counts[others]), np.linspace(0, 1, bins + 1 - alone))
    return [float(edge) for edge in np.unique([*distinct[order[:alone]], *quantiles])]
