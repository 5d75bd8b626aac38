"""A vector for each value of a vector, periodic in it.

    pbld:  y[b, i] = [ x[b, i],  W_i cos(2π f_i x[b, i] + p_i) + c_i ]
    plr:   y[b, i] = relu( W_i [ sin(2π f_i x[b, i]), cos(2π f_i x[b, i]) ] + c_i )

Frequencies f (dim_in, frequencies) start at N(0, std²), phases p at U(±π), both are learned; `std` is the setting that
matters: how fine a structure the first vectors show.
Source: plr: Y. Gorishniy, I. Rubachev, A. Babenko, On embeddings for numerical features in tabular deep learning, 2022,
equation 3, https://arxiv.org/abs/2203.05556; pbld: D. Holzmüller, L. Grinsztajn, I. Steinwart, Better by default:
strong pre-tuned MLPs and boosted trees on tabular data, 2024, https://arxiv.org/abs/2407.04491.
Differs from torch, which has none.
Cost: with f frequencies dim_in · (2·f + (f + 1)·(dim − 1)) parameters (pbld), dim_in · (f + (2·f + 1)·dim) (plr).
When: For tables whose target swings with a column: times, angles, places.
"""

import math
from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn

from weftnet.blocks._settings import positive


class PeriodicEmbedding(nn.Module):
    """One step for each value of a vector.

    Args:
        dim_in: values of the vector.
        dim: size of a step, with pbld at least 2.
        frequencies: waves of each value.
        std: deviation of the first frequencies, in periods per unit.
        form: which of the formulas.
    """

    def __init__(
        self,
        dim_in: int,
        dim: int = 4,
        frequencies: int = 16,
        std: float = 0.1,
        form: Literal["pbld", "plr"] = "pbld",
    ) -> None:
        super().__init__()
        positive("periodic_embedding", dim_in=dim_in, dim=dim, frequencies=frequencies)
        if not std > 0:
            raise ValueError(f"periodic_embedding: std: expected a positive number, got {std}")
        if form == "pbld" and dim < 2:
            raise ValueError("periodic_embedding: dim: expected at least 2, the first of which is the value, got 1")
        self.frequency = nn.Parameter(std * torch.randn(dim_in, frequencies))
        self.phase = nn.Parameter(math.pi * (2 * torch.rand(dim_in, frequencies) - 1)) if form == "pbld" else None
        waves, out = (frequencies, dim - 1) if form == "pbld" else (2 * frequencies, dim)
        bound = waves**-0.5
        self.weight = nn.Parameter(torch.empty(dim_in, waves, out).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(dim_in, out).uniform_(-bound, bound))

    def forward(self, x: Float[Tensor, "batch dim_in"]) -> Float[Tensor, "batch time dim"]:
        """A vector for each value."""
        turns = 2 * math.pi * x.unsqueeze(-1) * self.frequency
        if self.phase is None:
            return torch.relu(self._mixed(torch.cat([turns.sin(), turns.cos()], -1)))
        return torch.cat([x.unsqueeze(-1), self._mixed((turns + self.phase).cos())], -1)

    def _mixed(self, waves: Tensor) -> Tensor:
        """The waves of each value, mixed by its own weights."""
        return torch.matmul(waves.transpose(0, 1), self.weight).transpose(0, 1) + self.bias
