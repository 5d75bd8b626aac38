"""An activation that each feature mixes with the identity.

    y = x + α · (φ(x) − x)          φ: mish, selu or relu;  α: (dim), learned, starts at 1

Source: D. Holzmüller, L. Grinsztajn, I. Steinwart, Better by default: strong pre-tuned MLPs and boosted trees on
tabular data, 2024, section 3, https://arxiv.org/abs/2407.04491; as PReLU of K. He and others, 2015, for relu.
Differs from torch, which has none but `nn.PReLU`.
Cost: dim parameters; the activation's, and 3 operations per value.
When: In networks for tables, where each feature may decide how bent its activation is.
"""

from typing import Literal

import torch
import torch.nn.functional as F
from jaxtyping import Float
from torch import Tensor, nn

from weftnet.blocks._settings import positive

_FUNCTIONS = {"mish": F.mish, "selu": F.selu, "relu": F.relu}


class ParametricActivation(nn.Module):
    """An activation, in a share that each feature learns.

    Args:
        dim: features of a position.
        activation: φ.
    """

    def __init__(self, dim: int, activation: Literal["mish", "selu", "relu"] = "mish") -> None:
        super().__init__()
        positive("parametric_activation", dim=dim)
        if activation not in _FUNCTIONS:
            raise ValueError(f"parametric_activation: activation: expected mish, selu or relu, got {activation!r}")
        self.activation = activation
        self.share = nn.Parameter(torch.ones(dim))

    def forward(self, x: Float[Tensor, "*batch dim"]) -> Float[Tensor, "*batch dim"]:
        """Apply value by value, with the share of its feature."""
        return torch.lerp(x, _FUNCTIONS[self.activation](x), self.share)
