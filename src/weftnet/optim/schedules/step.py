"""A rate that drops at chosen points of the training.

    factor = drop ^ (number of points in `at` that progress has reached)

after a linear warm-up; `at` counts the whole training, warm-up included.
Source: the schedule of K. He et al., Deep Residual Learning for Image Recognition, 2015, among many.
"""

from collections.abc import Sequence

from weftnet.optim.schedules._warmup import warm


def step(progress: float, *, warmup: float = 0.0, at: Sequence[float] = (0.5, 0.75), drop: float = 0.1) -> float:
    """A factor that falls in steps.

    Args:
        progress: share of the training done, in [0, 1].
        warmup: share of the training over which the factor rises linearly from zero.
        at: shares of the training at which the factor drops.
        drop: the factor at each of them.
    """
    return float(warm(progress, warmup)[0] * drop ** sum(progress >= point for point in at))
