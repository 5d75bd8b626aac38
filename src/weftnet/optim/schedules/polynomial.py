"""A rate that falls by a power of what is left of the training.

    factor = end + (1 − end) · (1 − p)^power,   p = (progress − warmup) / (1 − warmup)

after a linear warm-up. The usual schedule of segmentation.
Source: L. Chen and others, DeepLab, 2016, https://arxiv.org/abs/1606.00915, section 4.1, "poly", with power 0.9.
"""

from weftnet.optim.schedules._warmup import warm


def polynomial(progress: float, *, warmup: float = 0.0, power: float = 0.9, end: float = 0.0) -> float:
    """A factor that falls from one to `end`.

    Args:
        progress: share of the training done, in [0, 1].
        warmup: share of the training over which the factor rises linearly from zero.
        power: 1 falls in a line, less stays high longer.
        end: the factor at the end.
    """
    rise, p = warm(progress, warmup)
    left: float = (1.0 - p) ** power
    return rise * (end + (1.0 - end) * left)
