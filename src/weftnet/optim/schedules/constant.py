"""The same rate throughout, after a warm-up.

factor = progress / warmup    while progress < warmup
factor = 1                    after
"""

from weftnet.optim.schedules._warmup import warm


def constant(progress: float, *, warmup: float = 0.0) -> float:
    """A constant factor.

    Args:
        progress: share of the training done, in [0, 1].
        warmup: share of the training over which the factor rises linearly from zero.
    """
    return warm(progress, warmup)[0]
