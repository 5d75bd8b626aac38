"""Intervals of 95 % over the examples: how far a score would vary with other examples of the same kind, not with the
seed of training.

    Wilson, with z = 1.96:   (p + z²/2n ± z √(p(1 − p)/n + z²/4n²)) / (1 + z²/n)
    bootstrap:               the middle 95 % of a statistic over 1000 samples of n examples drawn with replacement
    in blocks:               the same, of whole blocks of neighbours, where neighbours are alike

E. B. Wilson, Probable inference, the law of succession, and statistical inference, 1927,
https://doi.org/10.1080/01621459.1927.10502953. B. Efron, Bootstrap methods, 1979,
https://doi.org/10.1214/aos/1176344552. H. R. Künsch, The jackknife and the bootstrap for general stationary
observations, 1989, https://doi.org/10.1214/aos/1176347265.
"""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_Z = 1.959964
_SAMPLES = 1000


def wilson(right: int, n: int) -> tuple[float, float]:
    """The interval of a share, of which `right` of n were observed."""
    p, z = right / n, _Z
    middle, half = p + z * z / (2 * n), z * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    return (middle - half) / (1 + z * z / n), (middle + half) / (1 + z * z / n)


def bootstrapped_mean(values: Floats, block: int = 1, seed: int = 0) -> tuple[float, float] | None:
    """The interval of the mean of values (n); None for less than two blocks.

    Args:
        values: (n,).
        block: how many neighbouring values are drawn together.
        seed: of the samples.
    """
    n = len(values)
    if n < 2 * block:
        return None
    sums = np.concatenate([[0.0], np.cumsum(values)])
    means = (sums[block:] - sums[:-block]) / block  # of every block of neighbours
    generator, count = np.random.default_rng(seed), -(-n // block)
    low, high = middle([float(means[generator.integers(0, len(means), count)].mean()) for _ in range(_SAMPLES)])
    return low, high


def bootstrap_weights(n: int, samples: int, seed: int = 0) -> Iterator[Floats]:
    """For each sample how often each of n examples was drawn (n): a statistic with weights needs no copies of them."""
    generator = np.random.default_rng(seed)
    for _ in range(samples):
        yield np.bincount(generator.integers(0, n, n), minlength=n).astype(np.float64)


def middle(values: list[float]) -> tuple[float, float]:
    """The middle 95 %."""
    low, high = np.quantile(values, (0.025, 0.975))
    return float(low), float(high)
