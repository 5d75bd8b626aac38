"""Layer normalisation: every position on its own, over its features.

    mean = Σᵢ x[i] / dim,   var = Σᵢ (x[i] − mean)² / dim
    y = (x − mean) / √(var + eps) · weight + bias

Neither other examples nor other steps of a sequence are involved, so padding never changes the answer.
Source: J. L. Ba, J. R. Kiros, G. Hinton, Layer normalization, 2016, https://arxiv.org/abs/1607.06450.
Differs from torch: it is `nn.LayerNorm` on the last axis.
Cost: 2·dim parameters; some 8 operations per value.
When: In Transformers and recurrent networks, and wherever an example has to be its own measure.
"""

from collections.abc import Mapping
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor, nn


class LayerNorm(nn.Module):
    """Mean 0 and variance 1 over the features of each position, then a learned gain and shift.

    Args:
        dim: features of a position.
        eps: added to the variance.
    """

    resizable: ClassVar[Mapping[str, str]] = {"norm.out": "dim"}
    mixes_features: ClassVar[bool] = True

    def __init__(self, dim: int, eps: float = 1e-5) -> None:
        super().__init__()
        if dim < 1:
            raise ValueError(f"layer_norm: dim: expected a positive integer, got {dim}")
        if eps <= 0:
            raise ValueError(f"layer_norm: eps: expected a positive number, got {eps}")
        self.norm = nn.LayerNorm(dim, eps)

    def forward(self, x: Float[Tensor, "*batch dim"]) -> Float[Tensor, "*batch dim"]:
        """Normalise the last axis."""
        y: Tensor = self.norm(x)
        return y
