"""A table of learned vectors, one per token.

    y[…, :] = weight[x[…], :]                       weight: (vocabulary, dim)

Source: Y. Bengio, R. Ducharme, P. Vincent, C. Jauvin, A neural probabilistic language model, 2003,
https://www.jmlr.org/papers/v3/bengio03a.html
As torch: `nn.Embedding`; weights are drawn from N(0, std²), where torch has std = 1. No token is reserved for padding:
the mask says what padding is.
Cost: no multiplications, vocabulary · dim parameters.
When: As the first block of everything that reads tokens. Tie it with the last layer of a language model (`shared`,
transposed) to save half of the parameters.
"""

from collections.abc import Mapping
from typing import ClassVar

from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F


class Embedding(nn.Module):
    """The vector of each token.

    Args:
        vocabulary: number of different tokens; tokens are 0 … vocabulary − 1.
        dim: size of each vector.
        std: deviation of the initial weights; vectors that start small are shaped more by the data.
    """

    embeds: ClassVar[bool] = True
    resizable: ClassVar[Mapping[str, str]] = {"table.out": "dim"}
    adapts: ClassVar[Mapping[str, str]] = {"table.weight": "vocabulary"}

    def __init__(self, vocabulary: int, dim: int, std: float = 1.0) -> None:
        super().__init__()
        for name, value in (("vocabulary", vocabulary), ("dim", dim)):
            if value < 1:
                raise ValueError(f"embedding: {name}: expected a positive integer, got {value}")
        if not std > 0:
            raise ValueError(f"embedding: std: expected a positive number, got {std}")
        self.table = nn.Embedding(vocabulary, dim)
        nn.init.normal_(self.table.weight, std=std)

    def forward(self, x: Int[Tensor, "*batch"]) -> Float[Tensor, "*batch dim"]:
        """Look up every token."""
        y: Tensor = self.table(x)
        return y

    def transposed(self, x: Float[Tensor, "*batch dim"]) -> Float[Tensor, "*batch vocabulary"]:
        """How well each token's vector fits: x · weightᵀ."""
        return F.linear(x, self.table.weight)
