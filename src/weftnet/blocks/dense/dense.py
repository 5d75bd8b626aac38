"""A fully connected layer: every output is a weighted sum of all inputs of its position.

    y = x · weightᵀ + bias          x: (*batch, dim_in), weight: (dim, dim_in), y: (*batch, dim)

It acts on the last axis alone: the steps of a sequence share the weights and don't mix.
Source: F. Rosenblatt, The perceptron, 1958, https://doi.org/10.1037/h0042519.
Differs from torch: it is `nn.Linear`, in its initialisation too.
Cost: dim_in·dim + dim parameters; 2·dim_in·dim FLOPs a position.
When: To mix all features of a position: the layers of a perceptron, and the last layer of most networks.
"""

from collections.abc import Mapping
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor, nn


class Dense(nn.Module):
    """A fully connected layer on the last axis.

    Args:
        dim_in: input values per position.
        dim: output values per position.
        bias: whether to add a learned constant.
    """

    resizable: ClassVar[Mapping[str, str]] = {"linear.out": "dim", "linear.in": "dim_in"}

    def __init__(self, dim_in: int, dim: int, bias: bool = True) -> None:
        super().__init__()
        for name, value in (("dim_in", dim_in), ("dim", dim)):
            if value < 1:
                raise ValueError(f"dense: {name}: expected a positive integer, got {value}")
        self.linear = nn.Linear(dim_in, dim, bias)

    def forward(self, x: Float[Tensor, "*batch dim_in"]) -> Float[Tensor, "*batch dim"]:
        """Map the last axis."""
        y: Tensor = self.linear(x)
        return y

    def transposed(self, x: Float[Tensor, "*batch dim"]) -> Float[Tensor, "*batch dim_in"]:
        """The way back by the same weights: x · weight, without bias."""
        return x @ self.linear.weight
