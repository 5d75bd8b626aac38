"""Positions as a learned table, added to the values.

    y[t, :] = x[t, :] + weight[t, :]                 weight: (time, dim)

Source: J. Gehring, M. Auli, D. Grangier, D. Yarats, Y. N. Dauphin, Convolutional sequence to sequence learning, 2017,
section 3.1, https://arxiv.org/abs/1705.03122; weights drawn from N(0, 0.02²) as in BERT, https://arxiv.org/abs/1810.04805
Shorter sequences use the first rows of the table; longer ones are rejected: they have no learned vectors.
Cost: no multiplications, time · dim parameters.
When: For sequences of one length, with enough examples for every position to be learnt, as in BERT, GPT-2 and ViT.
"""

from collections.abc import Mapping
from typing import ClassVar

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn


class LearnedPositions(nn.Module):
    """Add a learned vector to each step.

    Args:
        time: the longest sequence, in steps.
        dim: size of each step.
    """

    adapts: ClassVar[Mapping[str, str]] = {"weight": "positions"}

    def __init__(self, time: int, dim: int) -> None:
        super().__init__()
        for name, value in (("time", time), ("dim", dim)):
            if value < 1:
                raise ValueError(f"learned_positions: {name}: expected a positive integer, got {value}")
        self.time = time
        self.weight = nn.Parameter(nn.init.normal_(torch.empty(time, dim), std=0.02))

    def forward(self, x: Float[Tensor, "batch time dim"]) -> Float[Tensor, "batch time dim"]:
        """Add the first rows of the table.

        Raises:
            ValueError: x is longer than the table.
        """
        self._fits(x.shape[1])
        return x + self.weight[: x.shape[1]]

    def initial_state(self, batch: int, time: int) -> Tensor:
        """The number of steps before, of each sequence: 0."""
        return torch.zeros(batch, dtype=torch.int64)

    def step(
        self, x: Float[Tensor, "batch time dim"], state: Int[Tensor, " batch"]
    ) -> tuple[Float[Tensor, "batch time dim"], Int[Tensor, " batch"]]:
        """Add the next rows.

        Raises:
            ValueError: they are beyond the table.
        """
        stop = state + x.shape[1]
        if not torch.compiler.is_exporting():  # a program has no branches on values
            self._fits(int(stop[0]))
        return x + self.weight[state[0] + torch.arange(x.shape[1], device=state.device)], stop

    def _fits(self, time: int) -> None:
        if time > self.time:
            raise ValueError(f"learned_positions: time: expected at most {self.time} steps, got {time}")
