"""Global maximum pooling of a sequence: the largest value over its real steps, feature by feature.

    y[i] = max over t with mask[t] of x[t, i]

A sequence without a real step gives zero.
Source: R. Collobert et al., Natural language processing (almost) from scratch, 2011, https://arxiv.org/abs/1103.0398.
Differs from torch: it is `nn.AdaptiveMaxPool1d(1)`, features last, with masks; equal largest values share the gradient,
where torch's pooling gives it to one of them.
Cost: no parameters; one comparison per value.
When: Where one occurrence decides, wherever it is: a word in a text, a click in a recording.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn


class GlobalMaxPool1d(nn.Module):
    """The largest value of every feature over the real steps."""

    def forward(
        self, x: Float[Tensor, "batch time dim"], mask: Bool[Tensor, "batch time"] | None = None
    ) -> Float[Tensor, "batch dim"]:
        """Take the maximum over time; steps where the mask is False don't count."""
        if mask is None:
            return x.amax(1)
        largest = x.masked_fill(~mask.unsqueeze(-1), -torch.inf).amax(1)
        return largest.masked_fill(~mask.any(1, keepdim=True), 0)
