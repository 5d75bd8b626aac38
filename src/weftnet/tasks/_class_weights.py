"""Weights of classes by how often they occur: rare ones count more, and the mean weight of an example stays 1.

    w_k = f_k^−β / Σ_j f_j^(1 − β),   f_k = n_k / n over the training split

β = 1 is "balanced", w_k = n / (K · n_k): every class counts alike (King & Zeng 2001, Logistic regression in rare events
data). β = ½ is "root", between that and no weights: of pixels, where the rarest class may be a thousandth, "balanced"
makes a network see rare classes everywhere.
"""

from collections.abc import Iterable

import torch
from torch import Tensor

#: how it is called → β
EXPONENTS = {"balanced": 1.0, "root": 0.5}


def counts_of(targets: Iterable[Tensor], classes: int) -> list[int]:
    """How often each class number occurs in the targets."""
    counts = torch.zeros(classes, dtype=torch.int64)
    for target in targets:
        counts += torch.bincount(target.flatten().long(), minlength=classes)
    found: list[int] = counts.tolist()
    return found


def class_weights(counts: list[int], how: str) -> list[float]:
    """A weight for each class; 1 for one that doesn't occur.

    Args:
        counts: of the training split.
        how: a key of `EXPONENTS`.
    """
    n, beta = sum(counts), EXPONENTS[how]
    powers = [(count / n) ** -beta if count else 0.0 for count in counts]
    scale = sum(power * count / n for power, count in zip(powers, counts, strict=True))
    return [power / scale if power else 1.0 for power in powers]
