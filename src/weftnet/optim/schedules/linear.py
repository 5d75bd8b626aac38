"""A rate that rises linearly, then falls linearly.

    factor = start + (1 − start) · progress / warmup          while progress < warmup
    factor = 1 + (end − 1) · (progress − warmup) / (1 − warmup)    after

Source: Goyal and others, Accurate, large minibatch SGD, 2017, https://arxiv.org/abs/1706.02677 (the rise); the straight
fall is that of J. Devlin and others, BERT, 2018, https://arxiv.org/abs/1810.04805.
"""

from weftnet.optim.schedules._warmup import warm


def linear(progress: float, *, warmup: float = 0.0, start: float = 0.0, end: float = 0.0) -> float:
    """A factor that rises from `start` to one, then falls to `end`.

    Args:
        progress: share of the training done, in [0, 1].
        warmup: share of the training over which the factor rises.
        start: the factor at the beginning, if it rises.
        end: the factor at the end.
    """
    rise, fall = warm(progress, warmup)
    return start + (1.0 - start) * rise if rise < 1.0 else 1.0 + (end - 1.0) * fall
