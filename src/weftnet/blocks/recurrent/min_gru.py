"""Minimal gated recurrent unit: the gates don't read the state, so that all steps are computed in parallel.

    z = σ(W_z x + b_z)                               update gate
    n = W_n x + b_n                                  candidate
    h' = (1 − z) ∘ h + z ∘ n                         y[t] = h'

Source: L. Feng, F. Tung, M. Ahmed, Y. Bengio, H. Hajimirsadeghi, Were RNNs all we needed?, 2024,
https://arxiv.org/abs/2410.01201, section 3.1
Differs: the paper scans in logarithms, which needs positive candidates, g(n) in its appendix B; here the products
themselves are scanned (`_scan`), and n is as in its section 3.1. In a gru z is the share of the old state, here that of
the new. `gates` is W_z and W_n stacked. With a mask outputs at padding are zero; masks are contiguous from the left.
Cost: 2 · dim · dim_in multiplications a step, 2 · dim · (dim_in + 1) parameters.
When: For long sequences on many cores or a GPU: all steps are trained at once, and answers still take one step at a
time.
"""

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn

from weftnet.blocks._settings import positive
from weftnet.blocks.attention._attend import zeroed
from weftnet.blocks.recurrent._scan import scan


class MinGru(nn.Module):
    """A minimal GRU over sequences.

    Args:
        dim_in: size of each step.
        dim: size of the state, and of each step of the output.
    """

    def __init__(self, dim_in: int, dim: int) -> None:
        super().__init__()
        positive("min_gru", dim_in=dim_in, dim=dim)
        self.gates = nn.Linear(dim_in, 2 * dim)

    def forward(
        self,
        x: Float[Tensor, "batch time dim_in"],
        mask: Bool[Tensor, "batch time"] | None = None,
        state: Float[Tensor, "batch dim_state"] | None = None,
    ) -> Float[Tensor, "batch time dim"]:
        """The state at every step; None starts from zeros."""
        x = zeroed(x, mask)
        start = self.initial_state(x.shape[0], x.shape[1]).to(x) if state is None else state
        gate, candidate = self.gates(x).chunk(2, dim=-1)
        # 1 − σ(u) = σ(−u), exactly
        return zeroed(scan(torch.sigmoid(-gate), torch.sigmoid(gate) * candidate, start), mask)

    def initial_state(self, batch: int, time: int) -> Tensor:
        """Zeros."""
        return self.gates.weight.new_zeros(batch, self.gates.out_features // 2)

    def step(
        self, x: Float[Tensor, "batch time dim_in"], state: Float[Tensor, "batch dim_state"]
    ) -> tuple[Float[Tensor, "batch time dim"], Float[Tensor, "batch dim_state"]]:
        """Continue by the next steps from a state."""
        y = self.forward(x, state=state)
        return y, y[:, -1]
