"""A rate that falls along half a cosine.

    p = (progress − warmup) / (1 − warmup)
    factor = end + (1 − end) · (1 + cos(π p)) / 2

after a linear warm-up.
Source: I. Loshchilov, F. Hutter, SGDR: Stochastic Gradient Descent with Warm Restarts, 2017,
https://arxiv.org/abs/1608.03983; without the restarts.
"""

import math

from weftnet.optim.schedules._warmup import warm


def cosine(progress: float, *, warmup: float = 0.0, end: float = 0.0) -> float:
    """A factor that falls from one to `end`.

    Args:
        progress: share of the training done, in [0, 1].
        warmup: share of the training over which the factor rises linearly from zero.
        end: the factor at the end.
    """
    rise, p = warm(progress, warmup)
    return rise * (end + (1.0 - end) * (1.0 + math.cos(math.pi * p)) / 2.0)
