"""Positions as rotations: the product of two rotated vectors depends on their distance only.

    θ[i] = base^(−2i / dim)                          i = 0 … dim/2 − 1
    y[t, i]         = x[t, i] · cos(t θ[i]) − x[t, i + dim/2] · sin(t θ[i])
    y[t, i + dim/2] = x[t, i + dim/2] · cos(t θ[i]) + x[t, i] · sin(t θ[i])

Source: J. Su and others, RoFormer: enhanced transformer with rotary position embedding, 2021,
https://arxiv.org/abs/2104.09864
Unlike the paper, which pairs neighbours (2i, 2i + 1), a pair is (i, i + dim/2), as in Llama's code: the same up to an
order of the channels, but weights trained for one order don't fit the other.
Attention applies this to queries and keys inside each head (`multi_head_attention` with `rotary: true`); the block
alone serves before attention without projections.
Cost: some 3 · time · dim multiplications, no parameters.
When: On queries and keys of your own attention; `grouped_attention` has them built in (`rotary: true`).
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn

from weftnet.blocks.position._rotate import rotate


class RotaryPositions(nn.Module):
    """Rotate each step by its position.

    Args:
        dim: size of each step, even.
        base: the slowest pair turns once in about 2π · base steps.
    """

    def __init__(self, dim: int, base: float = 10000.0) -> None:
        super().__init__()
        if dim < 2 or dim % 2:
            raise ValueError(f"rotary_positions: dim: expected a positive even number, got {dim}")
        if base <= 1:
            raise ValueError(f"rotary_positions: base: expected a number above 1, got {base}")
        self.base = base

    def forward(self, x: Float[Tensor, "batch time dim"]) -> Float[Tensor, "batch time dim"]:
        """Rotate all steps."""
        return rotate(x, base=self.base)

    def initial_state(self, batch: int, time: int) -> Tensor:
        """The number of steps before, of each sequence: 0."""
        return torch.zeros(batch, dtype=torch.int64)

    def step(
        self, x: Float[Tensor, "batch time dim"], state: Int[Tensor, " batch"]
    ) -> tuple[Float[Tensor, "batch time dim"], Int[Tensor, " batch"]]:
        """Rotate the next steps."""
        return rotate(x, state[0].to(x.device), self.base), state + x.shape[1]
