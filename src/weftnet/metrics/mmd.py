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

from weftnet.data.outputs import Outputs, chosen
from weftnet.errors import DataError
from weftnet.metrics._metric import Metric

#: Real examples that are compared with as many others: a uniform choice from all batches, the same every time.
COMPARED = 1024
FACTORS = (0.25, 0.5, 1.0, 2.0, 4.0)


class Mmd(Metric, better="min"):
    """From the outputs `real` and `fake`, examples of one shape; no target is read."""

    def reset(self) -> None:
        """Forget every batch."""
        self._generator = torch.Generator().manual_seed(0)
        self._keys = torch.empty(0)
        self._kept: dict[str, Tensor] = {}

    def update(self, outputs: Outputs, target: Tensor) -> None:
        """Add a batch; of all examples so far those with the smallest random keys are kept."""
        batch = {name: chosen(outputs, name).flatten(1) for name in ("real", "fake")}
        keys = torch.cat([self._keys, torch.rand(len(batch["real"]), generator=self._generator)])
        places = keys.argsort()[:COMPARED]
        self._keys = keys[places]
        for name, values in batch.items():
            every = torch.cat([self._kept[name], values]) if self._kept.keys() >= {name} else values
            self._kept[name] = every[places.to(every.device)]

    def compute(self) -> Tensor:
        """MMD² between those that were kept.

        Raises:
            DataError: there are fewer than two examples.
        """
        if len(self._keys) < 2:
            got = str(len(self._keys))
            raise DataError("too few examples to evaluate", expected="two examples or more", got=got)
        return mmd(self._kept["real"], self._kept["fake"])


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
