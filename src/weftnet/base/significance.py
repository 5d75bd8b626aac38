"""Whether the difference of two networks could be chance, where both the seeds and the examples are a sample.

    x[g, s]   how much better one network is than the other on group g of the examples, both trained with seed s
    d  = mean of x            m_g, m_s   means over seeds, over groups
    V_E = (Σ_g (m_g − d)² + 2 max_g m_g²) / (G (G − 1))        other examples might have been in the split
    V_S = Σ_s (m_s − d)² / (S (S − 1))                          other seeds might have been drawn
    reach(p)² = V_E t_{G−1}(p)² + V_S t_{S−1}(p)²

The difference is d ± reach(0.05), and p is the level at which |d| = reach(p). Seeds and examples are crossed: every
seed is judged on the same examples. Adding both variances counts their interaction twice, and so errs on the careful
side. The reach is Banerjee's: whatever the two variances are, it covers the truth at least as often as it says. Welch's
degrees of freedom, estimated from two or three seeds, would claim too much. The two added examples, one for and one
against by the largest difference, keep V_E above zero: with them counts of discordant examples are judged as McNemar's
exact test judges them, and three seeds that agree by chance prove nothing.

With one seed V_S is unknown and nothing can be said of other seeds.

Source: Student, The probable error of a mean, 1908; S. Banerjee, Approximate confidence interval for linear functions
of means of k populations when the population variances are not equal, Sankhyā 22, 1960; Q. McNemar, Note on the
sampling error of the difference between correlated proportions, Psychometrika 12, 1947; A. Agresti, B. Coull,
Approximate is better than "exact", 1998 (added examples)
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

#: p below this is not told apart
LEAST = 1e-9


@dataclass(frozen=True)
class Tested:
    """What is known of a difference.

    Args:
        mean: of the differences.
        variances: degrees of freedom and variance of the mean, for examples and seeds.
    """

    mean: float
    variances: tuple[tuple[int, float], ...]

    def reach(self, p: float) -> float:
        """How far from zero the mean would be with this p."""
        return math.sqrt(sum(part * quantile(p, freedom) ** 2 for freedom, part in self.variances))

    @property
    def half(self) -> float:
        """Half the width of the 95 % interval."""
        return self.reach(0.05)

    @property
    def clear(self) -> bool:
        """Whether the interval leaves out zero."""
        return abs(self.mean) > self.half

    @property
    def p(self) -> float:
        """Of the hypothesis that there is no difference."""
        low, high = math.log(LEAST), 0.0
        for _ in range(25):
            middle = (low + high) / 2
            low, high = (low, middle) if self.reach(math.exp(middle)) < abs(self.mean) else (middle, high)
        return math.exp(high)


def crossed(differences: NDArray[np.float64]) -> Tested | None:
    """The test of differences (groups, seeds); None for fewer than two of either."""
    groups, seeds = differences.shape
    if groups < 2 or seeds < 2:
        return None
    mean, by_group, by_seed = differences.mean(), differences.mean(1), differences.mean(0)
    spread = ((by_group - mean) ** 2).sum() + 2 * (by_group**2).max()
    examples = float(spread / (groups * (groups - 1)))
    drawn = float(((by_seed - mean) ** 2).sum() / (seeds * (seeds - 1)))
    return Tested(float(mean), ((groups - 1, examples), (seeds - 1, drawn)))


def holm(p: Sequence[float], family: int) -> list[float]:
    """Corrected for the number of hypotheses: sorted, the i-th smallest becomes p · (family − i + 1), at most 1, and
    never less than the one before.

    Args:
        p: of the hypotheses that are asked about.
        family: how many there are, those that nobody asks about included.

    Source: S. Holm, A simple sequentially rejective multiple test procedure, 1979
    """
    corrected, least = [1.0] * len(p), 0.0
    for rank, place in enumerate(sorted(range(len(p)), key=p.__getitem__)):
        least = corrected[place] = min(1.0, max(least, p[place] * (family - rank)))
    return corrected


@lru_cache(4096)
def quantile(p: float, freedom: int) -> float:
    """t beyond ± of which Student's distribution has the share p; by Cornish and Fisher's expansion above 30."""
    if freedom > 30:
        z, v = NormalDist().inv_cdf(1 - p / 2), freedom
        return z + (z**3 + z) / (4 * v) + (5 * z**5 + 16 * z**3 + 3 * z) / (96 * v**2)
    low, high = 0.0, 1.0
    while tail(high, freedom) > p and high < 1e12:
        high *= 2
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if tail(middle, freedom) > p else (low, middle)
    return high


def tail(t: float, freedom: int) -> float:
    """The share of Student's distribution beyond ±t, a finite sum for whole degrees of freedom ν; with θ = atan(t / √ν)

        ν even    1 − sin θ · (1 + ½ cos²θ + (1·3)/(2·4) cos⁴θ + … up to cos^(ν−2) θ)
        ν odd     1 − 2/π · (θ + sin θ · (cos θ + ⅔ cos³θ + (2·4)/(3·5) cos⁵θ + … up to cos^(ν−2) θ))

    Abramowitz and Stegun, Handbook of mathematical functions, 1964, 26.7.3 and 26.7.4.
    """
    angle = math.atan(abs(t) / math.sqrt(freedom))
    sine, cosine = math.sin(angle), math.cos(angle)
    odd = freedom % 2
    term, total = (cosine, 0.0) if odd else (1.0, 0.0)
    for power in range(odd, freedom - 1, 2):
        total += term
        term *= cosine**2 * (power + 1) / (power + 2)
    within = 2 / math.pi * (angle + sine * total) if odd else sine * total
    return max(0.0, 1.0 - within)
