"""A table of learned vectors, one per token.

    y[…, :] = weight[x[…], :]                       weight: (vocabulary, dim)

Source: Y. Bengio, R. Ducharme, P. Vincent, C. Jauvin, A neural probabilistic language model, 2003,
https://www.jmlr.org/papers/v3/bengio03a.html
As torch: `nn.Embedding`, weights drawn from N(0, 1). No token is set aside for padding: padding is what the mask says.
Cost: no multiplications, vocabulary · dim parameters.
"""

from jaxtyping import Float, Int
from torch import Tensor, nn


class Embedding(nn.Module):
    """The vector of each token.

    Args:
        vocabulary: number of different tokens; tokens are 0 … vocabulary − 1.
        dim: size of each vector.
    """

    def __init__(self, vocabulary: int, dim: int) -> None:
        super().__init__()
        for name, value in (("vocabulary", vocabulary), ("dim", dim)):
            if value < 1:
                raise ValueError(f"embedding: {name}: expected a positive integer, got {value}")
        self.table = nn.Embedding(vocabulary, dim)

    def forward(self, x: Int[Tensor, "*batch"]) -> Float[Tensor, "*batch dim"]:
        """Look every token up."""
        y: Tensor = self.table(x)
        return y
