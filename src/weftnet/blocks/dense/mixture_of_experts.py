"""Mixture of experts: each position goes through a few of many feed-forward networks, which a router chooses.

    p = softmax(W_router x)                              over the experts
    y = Σ_{e in top k of p} g[e] · expert_e(x)          g = p of the chosen; their sum made 1 if k > 1
    expert_e(x) = W_2[e] gelu(W_1[e] x + b_1[e]) + b_2[e]

    balance = experts / k · Σ_e f[e] · mean p[e]         f[e]: the share of positions that chose e; 1 if all are alike

The outputs are y and the auxiliary loss `balance`, over the real positions of the batch; the recipe's `auxiliary`
weighs it (the Switch Transformer's weight is 0.01).
Source: W. Fedus, B. Zoph, N. Shazeer, Switch transformers, 2022, https://arxiv.org/abs/2101.03961, equations 1 to 6;
several experts a position: N. Shazeer and others, Outrageously large neural networks, 2017,
https://arxiv.org/abs/1701.06538
Differs: an expert takes all positions that choose it. The papers cap them, for devices that wait for one another;
beyond the cap a position would depend on its neighbours. No noise is added to the router. An exported program runs
every expert at every position, since what goes where is known only when it runs; so do its steps.
Cost: experts · dim + k · 2 · dim · dim_hidden multiplications a position,
experts · (dim + 2 · dim · dim_hidden + dim_hidden + dim) parameters.
When: To give a language model more parameters at the same cost for a token. It needs many examples; weigh its
`balance`, or a few experts do all the work.
"""

from typing import NamedTuple

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn
from torch.nn import functional as F

from weftnet.blocks._settings import positive


class Mixed(NamedTuple):
    """What the mixture gives."""

    y: Float[Tensor, "*batch dim"]
    balance: Float[Tensor, ""]


class MixtureOfExperts(nn.Module):
    """Feed-forward networks among which each position chooses.

    Args:
        dim: features of a position.
        experts: how many networks there are.
        k: how many of them a position goes through.
        dim_hidden: features inside each; 4 · dim by default.
    """

    def __init__(self, dim: int, experts: int = 4, k: int = 1, dim_hidden: int | None = None) -> None:
        super().__init__()
        dim_hidden = 4 * dim if dim_hidden is None else dim_hidden
        positive("mixture_of_experts", dim=dim, experts=experts, k=k, dim_hidden=dim_hidden)
        if k > experts:
            raise ValueError(f"mixture_of_experts: k: expected at most experts {experts}, got {k}")
        self.experts, self.k = experts, k
        self.router = nn.Linear(dim, experts, bias=False)
        self.W_1 = nn.Parameter(torch.empty(experts, dim_hidden, dim).uniform_(-(dim**-0.5), dim**-0.5))
        self.b_1 = nn.Parameter(torch.zeros(experts, dim_hidden))
        self.W_2 = nn.Parameter(torch.empty(experts, dim, dim_hidden).uniform_(-(dim_hidden**-0.5), dim_hidden**-0.5))
        self.b_2 = nn.Parameter(torch.zeros(experts, dim))

    def forward(self, x: Float[Tensor, "*batch dim"], mask: Bool[Tensor, "batch time"] | None = None) -> Mixed:
        """What the chosen experts make of each position, zeros at padding; and how evenly they were chosen."""
        real = x.new_ones(x.shape[:-1]) if mask is None else mask.to(x.dtype)
        if mask is not None:
            x = x.masked_fill(~mask.unsqueeze(-1), 0)
        p = self.router(x).softmax(dim=-1)
        gates, chosen = p.topk(self.k, dim=-1)
        if self.k > 1:
            gates = gates / gates.sum(dim=-1, keepdim=True)
        weights = torch.zeros_like(p).scatter(-1, chosen, gates) * real.unsqueeze(-1)  # (…, experts)
        flat, shares = x.flatten(0, -2), weights.flatten(0, -2)
        y = self._every(flat, shares) if torch.compiler.is_exporting() else self._chosen(flat, shares)
        count, every = real.sum().clamp(min=1), real.flatten()
        took = torch.zeros_like(p).scatter(-1, chosen, 1.0)
        taken, mean = (every @ each.flatten(0, -2) / count for each in (took, p))  # (experts,) each
        return Mixed(y.reshape(x.shape), self.experts / self.k * (taken * mean).sum())

    def _chosen(self, x: Tensor, shares: Tensor) -> Tensor:
        """Σ_e shares[:, e] · expert_e(x) of (n, dim), each expert at the positions that chose it alone."""
        y = torch.zeros_like(x)
        for e in range(self.experts):
            rows = _as_many(x, self.k, self.experts, e) if x.is_meta else shares[:, e].nonzero().squeeze(1)
            made = self._expert(e, x[rows])
            y = y.index_add(0, rows, made * shares[rows, e].unsqueeze(1))
        return y

    def _every(self, x: Tensor, shares: Tensor) -> Tensor:
        """The same, each expert at every position."""
        made = torch.stack([self._expert(e, x) for e in range(self.experts)], dim=1)  # (n, experts, dim)
        return (made * shares.unsqueeze(-1)).sum(1)

    def _expert(self, e: int, x: Tensor) -> Tensor:
        return F.linear(F.gelu(F.linear(x, self.W_1[e], self.b_1[e])), self.W_2[e], self.b_2[e])


def _as_many(x: Tensor, k: int, experts: int, e: int) -> Tensor:
    """Where there are no values, an equal share of the choices for every expert: (about n · k / experts) positions."""
    choices = len(x) * k
    return torch.empty(choices * (e + 1) // experts - choices * e // experts, dtype=torch.int64, device=x.device)
