"""Selective state space: a linear recurrence whose rates and inputs depend on what is read, the mixer of Mamba.

    u, g = W_in x                                            dim_inner values each
    u = silu(convolution(u))                                 causal, `kernel` steps, each feature alone
    δ, B, C = W_x u                                          rank, states, states values
    Δ = softplus(W_Δ δ + b_Δ)                                (dim_inner,)
    A = −exp(A_log)                                          (dim_inner, states)
    h[t] = exp(Δ[t] A) ∘ h[t−1] + (Δ[t] ∘ u[t]) B[t]ᵀ        (dim_inner, states)
    v[t] = h[t] C[t] + D ∘ u[t]
    y = W_out (v ∘ silu(g))

Source: A. Gu, T. Dao, Mamba: linear-time sequence modeling with selective state spaces, 2023,
https://arxiv.org/abs/2312.00752, algorithm 2 and section 3.4
As `MambaMixer` of transformers (its slow path): the input is discretised by Euler's rule, Δ B, not by the paper's
equation 4; A starts at −1 … −states for every feature, D at 1, and b_Δ so that Δ starts between 0.001 and 0.1. The
recurrence is scanned in parallel (`_scan`). With a mask outputs at padding are zero; masks are contiguous from the
left.
Cost: 3 · dim · dim_inner + dim_inner · (kernel + 2 · rank + 3 · states) multiplications a step beside some
6 · dim_inner · states elementwise operations, 3 · dim · dim_inner + dim_inner · (kernel + 2 · rank + 3 · states + 3)
parameters; a training step holds 3 · time · dim_inner · states values.
When: For language and long series, where attention is too dear and what to remember depends on what is read.
"""

import math

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional as F

from weftnet.blocks._settings import positive
from weftnet.blocks.attention._attend import zeroed
from weftnet.blocks.recurrent._scan import scan


class SelectiveStateSpace(nn.Module):
    """Mamba's mixer over sequences.

    Args:
        dim: size of each step.
        states: values that each inner feature remembers.
        kernel: steps that the convolution reads.
        expand: inner features for each of dim.
        rank: size of what the rates are made of; dim / 16 by default, rounded up.
    """

    def __init__(self, dim: int, states: int = 16, kernel: int = 4, expand: int = 2, rank: int | None = None) -> None:
        super().__init__()
        rank = -(-dim // 16) if rank is None else rank
        positive("selective_state_space", dim=dim, states=states, kernel=kernel, expand=expand, rank=rank)
        self.inner, self.states, self.kernel, self.rank = expand * dim, states, kernel, rank
        self.into = nn.Linear(dim, 2 * self.inner, bias=False)
        self.convolution = nn.Conv1d(self.inner, self.inner, kernel, groups=self.inner)
        self.select = nn.Linear(self.inner, rank + 2 * states, bias=False)
        self.rate = nn.Linear(rank, self.inner)
        self.A_log = nn.Parameter(torch.arange(1.0, states + 1).log().repeat(self.inner, 1))
        self.D = nn.Parameter(torch.ones(self.inner))
        self.out = nn.Linear(self.inner, dim, bias=False)
        nn.init.uniform_(self.rate.weight, -(rank**-0.5), rank**-0.5)
        with torch.no_grad():
            first = torch.empty(self.inner).uniform_(math.log(1e-3), math.log(1e-1)).exp()
            self.rate.bias.copy_(first + torch.log(-torch.expm1(-first)))  # softplus of it is `first`

    def forward(
        self, x: Float[Tensor, "batch time dim"], mask: Bool[Tensor, "batch time"] | None = None
    ) -> Float[Tensor, "batch time dim"]:
        """Mix each step with those before."""
        state = self.initial_state(x.shape[0], x.shape[1]).to(x)
        return zeroed(self.step(zeroed(x, mask), state)[0], mask)

    def initial_state(self, batch: int, time: int) -> Tensor:
        """h beside the convolution's last inputs, (batch, dim_inner, states + kernel − 1): zeros."""
        return self.D.new_zeros(batch, self.inner, self.states + self.kernel - 1)

    def step(
        self, x: Float[Tensor, "batch time dim"], state: Float[Tensor, "batch dim_inner remembered"]
    ) -> tuple[Float[Tensor, "batch time dim"], Float[Tensor, "batch dim_inner remembered"]]:
        """Continue by the next steps from a state."""
        h, last = state.split_with_sizes([self.states, self.kernel - 1], dim=2)
        u, gate = self.into(x).chunk(2, dim=-1)
        seen = torch.cat((last, u.transpose(1, 2)), dim=2)
        u = F.silu(self.convolution(seen)).transpose(1, 2)
        rate, B, C = self.select(u).split_with_sizes([self.rank, self.states, self.states], dim=-1)
        delta = F.softplus(self.rate(rate)).unsqueeze(-1)  # (batch, time, dim_inner, 1)
        kept = torch.exp(delta * -torch.exp(self.A_log))
        h = scan(kept, delta * u.unsqueeze(-1) * B.unsqueeze(2), h)
        v = (h @ C.unsqueeze(-1)).squeeze(-1) + self.D * u
        y: Tensor = self.out(v * F.silu(gate))
        return y, torch.cat((h[:, -1], seen[:, :, seen.shape[2] - (self.kernel - 1) :]), dim=2)
