"""Whether differences could be chance: Student's paired t-test, two-sided.

    t = mean / (s / √n),   p = 1 − A(t | n − 1)

With θ = atan(t / √ν), the share A of the distribution within ±t is a finite sum for integer degrees of freedom ν:

    ν even    A = sin θ · (1 + ½ cos²θ + (1·3)/(2·4) cos⁴θ + … up to cos^(ν−2) θ)
    ν odd     A = 2/π · (θ + sin θ · (cos θ + ⅔ cos³θ + (2·4)/(3·5) cos⁵θ + … up to cos^(ν−2) θ))

Source: Student, The probable error of a mean, 1908; Abramowitz and Stegun, Handbook of mathematical functions, 1964,
26.7.3 and 26.7.4.
"""

import math
from collections.abc import Sequence


def paired(differences: Sequence[float]) -> float | None:
    """p of the hypothesis that the mean difference is zero; None for fewer than two differences."""
    n = len(differences)
    if n < 2:
        return None
    mean = math.fsum(differences) / n
    spread = math.sqrt(math.fsum((each - mean) ** 2 for each in differences) / (n - 1))
    if spread <= 1e-12 * abs(mean) or spread == 0.0:  # all equal within rounding
        return 0.0 if mean else 1.0
    return tail(mean / (spread / math.sqrt(n)), n - 1)


def tail(t: float, freedom: int) -> float:
    """The share of Student's distribution beyond ±t."""
    angle = math.atan(abs(t) / math.sqrt(freedom))
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = freedom % 2
    term, total = (cosine, 0.0) if odd else (1.0, 0.0)
    for power in range(odd, freedom - 1, 2):
        total += term
        term *= cosine**2 * (power + 1) / (power + 2)
    within = 2 / math.pi * (angle + sine * total) if odd else sine * total
    return max(0.0, 1.0 - within)
