"""The last real step of a sequence: what a recurrent network knows when it has read everything.

    y = x[t],  t = the largest with mask[t]

A sequence without a real step gives zero.
Source: I. Sutskever, O. Vinyals, Q. Le, Sequence to sequence learning with neural networks, 2014,
https://arxiv.org/abs/1409.3215.
Differs from torch, which has none: without a mask it is x[:, -1].
Cost: no parameters; nothing but a copy.
When: Behind a recurrent network that has read everything, where the end matters most.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn


class LastStep(nn.Module):
    """The last real step."""

    def forward(
        self, x: Float[Tensor, "batch time dim"], mask: Bool[Tensor, "batch time"] | None = None
    ) -> Float[Tensor, "batch dim"]:
        """Pick the last step where the mask is True."""
        if mask is None:
            return x[:, -1]
        t = (mask * torch.arange(mask.shape[1], device=mask.device)).amax(1)
        y = x[torch.arange(x.shape[0], device=x.device), t]
        return y.masked_fill(~mask.any(1, keepdim=True), 0)
