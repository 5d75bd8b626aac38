"""Statistics pooling of a sequence: mean, deviation and largest value of every feature, and of how it changes.

    mean[i] = Σₜ x[t, i] / n,   std[i] = √(Σₜ (x[t, i] − mean[i])² / n + 10⁻⁵),   max[i] = maxₜ x[t, i]
    with `deltas` the mean and the deviation of d[t] = x[t] − x[t − 1] too, t = 1 …

t runs over the n real steps; a change counts where both its steps are real. y is mean, std, max, and with deltas their
mean and std, one after another. A sequence without a real step gives zero, as do deltas of a single one.
Source: D. Snyder, D. Garcia-Romero, D. Povey, S. Khudanpur, Deep neural network embeddings for text-independent speaker
verification, 2017, https://doi.org/10.21437/Interspeech.2017-620
Differs from the paper: it pools mean and standard deviation; here the maximum and the deltas, as of cepstra (S. Furui,
1986), come with them. Torch has none.
Cost: no parameters; some ten additions per value.
When: For linear models and small networks on series and sounds: a few numbers say much about them.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

_FLOOR = 1e-5


class StatisticsPool(nn.Module):
    """Statistics over the real steps.

    Args:
        deltas: whether the changes from step to step are described too.
    """

    def __init__(self, deltas: bool = True) -> None:
        super().__init__()
        self.deltas = deltas

    def forward(
        self, x: Float[Tensor, "batch time dim_in"], mask: Bool[Tensor, "batch time"] | None = None
    ) -> Float[Tensor, "batch dim"]:
        """Describe every feature over time; steps where the mask is False don't count."""
        real = torch.ones_like(x[..., :1], dtype=torch.bool) if mask is None else mask.unsqueeze(-1)
        x = x.masked_fill(~real, 0)
        largest = x.masked_fill(~real, -torch.inf).amax(1).masked_fill(~real.any(1), 0)
        found = [*_moments(x, real), largest]
        if self.deltas:
            found += _moments(x[:, 1:] - x[:, :-1], real[:, 1:] & real[:, :-1])
        return torch.cat(found, 1)


def _moments(x: Tensor, real: Tensor) -> list[Tensor]:
    """Mean and deviation over the real steps, zero where there are none."""
    count = real.sum(1).to(x.dtype)
    share, there = real / count.clamp(min=1).unsqueeze(1), count > 0
    mean = (x * share).sum(1)
    spread = ((x - mean.unsqueeze(1)).square() * share).sum(1)
    return [mean, (spread + _FLOOR).sqrt() * there]
