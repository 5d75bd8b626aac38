"""Global average pooling of a sequence: the mean over its real steps.

    y[i] = Σₜ mask[t] · x[t, i] / Σₜ mask[t]

A sequence without a real step gives zero.
Source: M. Lin, Q. Chen, S. Yan, Network in network, 2013, https://arxiv.org/abs/1312.4400.
Differs from torch: it is `nn.AdaptiveAvgPool1d(1)`, features last, with masks.
Cost: no parameters; one addition per value.
When: The first choice between a sequence and a classifier, where all steps count alike.
"""

from jaxtyping import Bool, Float
from torch import Tensor, nn


class GlobalAveragePool1d(nn.Module):
    """The mean of the real steps."""

    def forward(
        self, x: Float[Tensor, "batch time dim"], mask: Bool[Tensor, "batch time"] | None = None
    ) -> Float[Tensor, "batch dim"]:
        """Average over time; steps where the mask is False don't count."""
        if mask is None:
            return x.mean(1)
        total = x.masked_fill(~mask.unsqueeze(-1), 0).sum(1)
        return total / mask.sum(1, keepdim=True).clamp(min=1).to(x.dtype)
