"""Positions as sines and cosines of falling frequency, added to the values.

    y[t, 2i]     = x[t, 2i]     + sin(t / base^(2i / dim))
    y[t, 2i + 1] = x[t, 2i + 1] + cos(t / base^(2i / dim))

Source: A. Vaswani and others, Attention is all you need, 2017, section 3.5, https://arxiv.org/abs/1706.03762
As the paper; for an odd dim the last channel is a sine without its cosine. The paper scales embeddings by √dim before
the sum, this block leaves x as it is.
Cost: time · dim sines, no parameters.
When: In front of attention, where nothing shall be learnt for positions and lengths vary.
"""

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn


class SinusoidalPositions(nn.Module):
    """Add the paper's waves to each step.

    Args:
        dim: size of each step.
        base: the slowest wave repeats after almost 2π · base steps.
    """

    def __init__(self, dim: int, base: float = 10000.0) -> None:
        super().__init__()
        if dim < 1:
            raise ValueError(f"sinusoidal_positions: dim: expected a positive integer, got {dim}")
        if base <= 1:
            raise ValueError(f"sinusoidal_positions: base: expected a number above 1, got {base}")
        self.dim, self.base = dim, base

    def forward(self, x: Float[Tensor, "batch time dim"]) -> Float[Tensor, "batch time dim"]:
        """Add the positions 0, 1, …"""
        return x + self._waves(0, x)

    def initial_state(self, batch: int, time: int) -> Tensor:
        """The number of steps before, of each sequence: 0."""
        return torch.zeros(batch, dtype=torch.int64)

    def step(
        self, x: Float[Tensor, "batch time dim"], state: Int[Tensor, " batch"]
    ) -> tuple[Float[Tensor, "batch time dim"], Int[Tensor, " batch"]]:
        """Add the next positions."""
        return x + self._waves(state[0].to(x.device), x), state + x.shape[1]

    def _waves(self, start: int | Tensor, x: Tensor) -> Tensor:
        """(time, dim); taken in float32 at least, since bfloat16 can't tell step 257 from 256."""
        exact = torch.promote_types(x.dtype, torch.float32)
        even = torch.arange(0, self.dim, 2, dtype=exact, device=x.device)
        steps = start + torch.arange(x.shape[1], dtype=exact, device=x.device)
        angles = steps.unsqueeze(1) * self.base ** (-even / self.dim)  # (time, ⌈dim/2⌉)
        waves = torch.stack((angles.sin(), angles.cos()), dim=-1).flatten(1)
        return waves[:, : self.dim].to(x.dtype)
