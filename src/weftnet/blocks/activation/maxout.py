"""Maxout: of each group of values next to one another, the largest.

    y[…, i] = max_j x[…, pieces · i + j]          j = 0 … pieces − 1

Behind a dense layer of width pieces · n it is a convex activation that is learnt.
Source: I. Goodfellow, D. Warde-Farley, M. Mirza, A. Courville, Y. Bengio, Maxout networks, 2013,
https://arxiv.org/abs/1302.4389
Differs from torch, which has none.
Cost: no parameters; one comparison per value.
When: To learn the shape of the activation, with few units and dropout. It takes `pieces` times the weights, so try
`relu` first.
"""

from jaxtyping import Float
from torch import Tensor, nn


class Maxout(nn.Module):
    """The largest of each group.

    Args:
        dim_in: number of values, a multiple of pieces.
        pieces: values in a group.
    """

    def __init__(self, dim_in: int, pieces: int = 2) -> None:
        super().__init__()
        if pieces < 1 or dim_in < 1 or dim_in % pieces:
            raise ValueError(f"maxout: pieces: expected a divisor of dim_in {dim_in}, got {pieces}")
        self.pieces = pieces

    def forward(self, x: Float[Tensor, "*batch dim_in"]) -> Float[Tensor, "*batch dim"]:
        """Take the largest of each group."""
        return x.reshape(*x.shape[:-1], -1, self.pieces).amax(-1)
