"""Vector quantisation: every position becomes the nearest vector of a learned table.

    k = argmin_j ‖x − e[j]‖²                          e: (vocabulary, dim)
    y = x + sg(e[k] − x)                              e[k] forward; backward as if y were x
    codebook   = mean (sg(x) − e[k])²                 moves the table to the values
    commitment = beta · mean (x − sg(e[k]))²          keeps the values at the table

sg stops the gradient. The two auxiliary losses are means over all real positions and features; the recipe's `auxiliary`
weighs them. The outputs are y, the tokens k and the losses; `vectors` gives y for tokens.
Source: A. van den Oord, O. Vinyals, K. Kavukcuoglu, Neural discrete representation learning, 2017,
https://arxiv.org/abs/1711.00937, equations 1 to 3; the table starts at U(±1/vocabulary), as in its code.
Differs from the paper, which sums over the features: the losses are means, as in its authors' code.
Cost: vocabulary · dim parameters; 2 · vocabulary · dim FLOPs a position.
When: Where examples shall become tokens of one table: for a model of tokens behind it, or to look at the codes.
"""

import math
from typing import NamedTuple

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn

from weftnet.blocks._settings import positive
from weftnet.blocks.quantisation._nearest import nearest


class Quantised(NamedTuple):
    """What the quantiser gives."""

    y: Float[Tensor, "*batch dim"]
    tokens: Int[Tensor, "*batch"]
    codebook: Float[Tensor, ""]
    commitment: Float[Tensor, ""]


class VectorQuantiser(nn.Module):
    """The nearest of a table of vectors, for each position.

    Args:
        dim: features of a position.
        vocabulary: vectors of the table, and so different tokens.
        beta: how strongly values are held at the table.
    """

    def __init__(self, dim: int, vocabulary: int = 512, beta: float = 0.25) -> None:
        super().__init__()
        positive("vector_quantiser", dim=dim, vocabulary=vocabulary)
        if not beta >= 0:
            raise ValueError(f"vector_quantiser: beta: expected a number ≥ 0, got {beta}")
        self.beta, self.vocabulary = beta, vocabulary
        self.table = nn.Parameter(torch.empty(vocabulary, dim).uniform_(-1 / vocabulary, 1 / vocabulary))

    @property
    def bits(self) -> int:
        """Of a position: ⌈log₂ vocabulary⌉."""
        return math.ceil(math.log2(self.vocabulary))

    def forward(self, x: Float[Tensor, "*batch dim"], mask: Bool[Tensor, "batch time"] | None = None) -> Quantised:
        """The nearest vectors, their numbers, and the losses over the real positions; zeros at padding."""
        real = x.new_ones(x.shape[:-1]) if mask is None else mask.to(x.dtype)
        if mask is not None:
            x = x.masked_fill(~mask.unsqueeze(-1), 0)
        tokens = nearest(x, self.table)
        found = self.table[tokens]
        count = real.sum().clamp(min=1) * x.shape[-1]
        codebook = ((x.detach() - found).square() * real.unsqueeze(-1)).sum() / count
        commitment = self.beta * ((x - found.detach()).square() * real.unsqueeze(-1)).sum() / count
        y = x + (found - x).detach()
        if mask is not None:
            y, tokens = y.masked_fill(~mask.unsqueeze(-1), 0), tokens.masked_fill(~mask, 0)
        return Quantised(y, tokens, codebook, commitment)

    def vectors(self, tokens: Int[Tensor, "*batch"]) -> Float[Tensor, "*batch dim"]:
        """What these tokens stand for: y of the positions that have them."""
        return self.table[tokens]
