"""Maximum mean discrepancy: how far two samples are from having one distribution.

    k(a, b) = 1/5 Σ_f exp(−|a − b|² / (2 f h²)),    f ∈ {¼, ½, 1, 2, 4}
    MMD²    = mean of k(xᵢ, xⱼ) over i ≠ j + mean of k(yᵢ, yⱼ) over i ≠ j − 2 · mean of k(xᵢ, yⱼ)

x are the real examples (n, dim), y the others (m, dim); h² is the median of |xᵢ − xⱼ|² / 2 over the real pairs, so
that the scale doesn't depend on the examples that are judged. The estimate is unbiased: 0 on average for equal
distributions, and slightly negative about half of the time then. It compares pixels, not meaning: a good score is
necessary, not sufficient.

Source: Gretton et al., A Kernel Two-Sample Test, 2012, https://jmlr.org/papers/v13/gretton12a.html.
Cost: O((n + m)² · dim) time, O((n + m)²) memory.
"""

import torch
from torch import Tensor

FACTORS = (0.25, 0.5, 1.0, 2.0, 4.0)


def mmd(x: Tensor, y: Tensor) -> Tensor:
    """MMD² between real examples (n, dim) and others (m, dim), at least two of each, in float64."""
    x, y = x.double(), y.double()
    n, m = len(x), len(y)
    within = torch.cdist(x, x).square()
    pairs = within[torch.triu_indices(n, n, offset=1).unbind()]
    h2 = (pairs.median() / 2).clamp_min(torch.finfo(x.dtype).tiny)  # all real examples equal: any difference counts

    def kernel(squares: Tensor) -> Tensor:
        return torch.stack([(-squares / (2 * f * h2)).exp() for f in FACTORS]).mean(0)

    xx = (kernel(within).sum() - n) / (n * (n - 1))  # k(a, a) = 1
    yy = (kernel(torch.cdist(y, y).square()).sum() - m) / (m * (m - 1))
    return xx + yy - 2 * kernel(torch.cdist(x, y).square()).mean()
