"""A learned step before the first, in which attention gathers the whole sequence.

    y[b] = token, x[b, 0], x[b, 1], …                token: (dim)

Source: J. Devlin, M. Chang, K. Lee, K. Toutanova, BERT, 2019, https://arxiv.org/abs/1810.04805; for images
A. Dosovitskiy and others, An image is worth 16×16 words, 2021, https://arxiv.org/abs/2010.11929
The token is drawn from N(0, 0.02²), as in BERT; `first_step` reads it out again. Positions are added after it.
Cost: no multiplications, dim parameters.
When: In front of a Transformer's encoder that answers with one vector; `first_step` takes it out again. Without it,
pool.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional as F


class ClassToken(nn.Module):
    """Put a learned step before the first.

    Args:
        dim: size of each step.
    """

    def __init__(self, dim: int) -> None:
        super().__init__()
        if dim < 1:
            raise ValueError(f"class_token: dim: expected a positive integer, got {dim}")
        self.token = nn.Parameter(nn.init.normal_(torch.empty(dim), std=0.02))

    def forward(self, x: Float[Tensor, "batch time dim"]) -> Float[Tensor, "batch time_out dim"]:
        """One step more than x."""
        return torch.cat((self.token.expand(x.shape[0], 1, -1), x), dim=1)

    def next_mask(self, mask: Bool[Tensor, "batch time"]) -> Bool[Tensor, "batch time_out"]:
        """The token is always real."""
        return F.pad(mask, (1, 0), value=True)
