"""A rate that rises to its peak and falls to almost zero, each along half a cosine.

    factor = start → 1    while progress < warmup
    factor = 1 → end      after

Source: L. Smith, N. Topin, Super-Convergence: Very Fast Training of Neural Networks Using Large Learning Rates, 2018,
https://arxiv.org/abs/1708.07120.
Rise and fall are cosines as in torch's `OneCycleLR` (linear in the paper); momentum is constant.
"""

import math

from weftnet.optim.schedules._warmup import warm


def one_cycle(progress: float, *, warmup: float = 0.3, start: float = 0.04, end: float = 4e-6) -> float:
    """A factor that rises from `start` to one, then falls to `end`.

    Args:
        progress: share of the training done, in [0, 1].
        warmup: share of the training over which the factor rises.
        start: the factor at the beginning.
        end: the factor at the end.
    """
    rise, fall = warm(progress, warmup)
    if rise < 1.0:
        return start + (1.0 - start) * (1.0 - math.cos(math.pi * rise)) / 2.0
    return end + (1.0 - end) * (1.0 + math.cos(math.pi * fall)) / 2.0
