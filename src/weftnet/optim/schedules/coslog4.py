"""Four waves of a cosine, each twice as long as the one before: the rate comes down four times, at the end to zero.

    factor = (1 − cos(2π · log₂(1 + 15 · p))) / 2,   p = (progress − warmup) / (1 − warmup)

after a linear warm-up; it is zero at progress 0, 1/15, 3/15, 7/15 and 1.
Source: D. Holzmüller, L. Grinsztajn, I. Steinwart, Better by default: strong pre-tuned MLPs and boosted trees on
tabular data, 2024, section 3, https://arxiv.org/abs/2407.04491.
"""

import math

from weftnet.optim.schedules._warmup import warm


def coslog4(progress: float, *, warmup: float = 0.0) -> float:
    """A factor that rises and falls four times.

    Args:
        progress: share of the training done, in [0, 1].
        warmup: share of the training over which the factor also rises linearly from zero.
    """
    rise, p = warm(progress, warmup)
    return rise * (1.0 - math.cos(2.0 * math.pi * math.log2(1.0 + 15.0 * p))) / 2.0
