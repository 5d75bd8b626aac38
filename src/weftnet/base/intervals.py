"""Means over seeds with confidence intervals.

    mean ± t₀.₉₇₅(n − 1) · s / √n,   s² = Σ (xᵢ − mean)² / (n − 1)

Student's interval (Student 1908), for few runs whose scores are roughly normal. Architectures that were trained with
the same seeds are compared by their differences per seed, which removes the variance that the seeds have in common.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from weftnet.base.numbers import fixed

#: t₀.₉₇₅ by degrees of freedom, 1 to 30; beyond that Cornish and Fisher's expansion is exact to four digits.
_T = (
    12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281, 2.2010, 2.1788, 2.1604, 2.1448,
    2.1314, 2.1199, 2.1098, 2.1009, 2.0930, 2.0860, 2.0796, 2.0739, 2.0687, 2.0639, 2.0595, 2.0555, 2.0518, 2.0484,
    2.0452, 2.0423,
)  # fmt: skip
_Z = 1.959964


@dataclass(frozen=True)
class Interval:
    """A mean and the half width of its 95 % confidence interval.

    Args:
        mean: of the values.
        half: half the interval's width; None for a single value, which has no spread.
        n: how many values.
        low: the smallest value.
        high: the largest.
    """

    mean: float
    half: float | None
    n: int
    low: float
    high: float

    def text(self, scale: float = 1.0, digits: int = 2) -> str:
        """`98.70 ± 0.31`, or the value alone; thousands are divided."""
        mean = fixed(self.mean * scale, digits)
        return mean if self.half is None else f"{mean} ± {fixed(self.half * scale, digits, like=self.mean * scale)}"


def interval(values: Sequence[float]) -> Interval:
    """The mean of one or more values with its interval."""
    n = len(values)
    mean = math.fsum(values) / n
    if n == 1:
        return Interval(mean, None, 1, mean, mean)
    spread = math.sqrt(math.fsum((value - mean) ** 2 for value in values) / (n - 1))
    return Interval(mean, student(n - 1) * spread / math.sqrt(n), n, min(values), max(values))


def student(freedom: int) -> float:
    """t₀.₉₇₅ with that many degrees of freedom."""
    if freedom <= len(_T):
        return _T[freedom - 1]
    z, v = _Z, freedom
    return z + (z**3 + z) / (4 * v) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * v**2)
