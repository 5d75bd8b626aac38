"""What the stacks with shared relative positions are made of: norms before, no constants, scores as they are."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from weftnet.blocks._settings import positive
from weftnet.blocks.attention._attend import join_heads, split_heads
from weftnet.blocks.attention._buckets import bucket, check_buckets
from weftnet.blocks.attention._cache import Cache
from weftnet.blocks.attention._visible import distances, read, visible

EPS = 1e-6


class Reading(nn.Module):
    """Self-attention over a norm of x, whose biases are given: x + W_out heads."""

    def __init__(self, dim: int, heads: int, head_dim: int, dropout: float, causal: bool) -> None:
        super().__init__()
        self.heads, self.dropout, self.causal = heads, dropout, causal
        inner = heads * head_dim
        self.norm, self.qkv = nn.RMSNorm(dim, EPS), nn.Linear(dim, 3 * inner, bias=False)
        self.out = nn.Linear(inner, dim, bias=False)
        nn.init.normal_(self.qkv.weight[:inner], std=(dim * head_dim) ** -0.5)
        nn.init.normal_(self.qkv.weight[inner:], std=dim**-0.5)
        nn.init.normal_(self.out.weight, std=inner**-0.5)

    def forward(self, x: Tensor, table: "Distances", mask: Tensor | None, state: Cache | None = None) -> Tensor:
        """x (batch, time, dim) and what it read of itself, or of the steps that the state holds."""
        queries, keys, values = (split_heads(part, self.heads) for part in self.qkv(self.norm(x)).chunk(3, dim=-1))
        if state is not None:
            keys, values = state.append(keys, values)
        distance = distances(queries, keys)
        seen, dropout = visible(distance, causal=self.causal), self.dropout if self.training else 0.0
        bias = table(distance)
        heads = read(queries, keys, values, seen, mask, bias=bias, dropout=dropout, scale=1.0)
        return x + F.dropout(self.out(join_heads(heads)), self.dropout, self.training)


class Feeding(nn.Module):
    """A feed-forward network over a norm of x: x + W_down relu(W x), or x + W_down (gelu(W_gate x) ∘ W_up x)."""

    def __init__(self, dim: int, dim_hidden: int, dropout: float, gated: bool) -> None:
        super().__init__()
        self.norm, self.dropout, self.gated = nn.RMSNorm(dim, EPS), dropout, gated
        self.up = nn.Linear(dim, (1 + gated) * dim_hidden, bias=False)  # gated: W_gate, then W_up
        self.down = nn.Linear(dim_hidden, dim, bias=False)
        nn.init.normal_(self.up.weight, std=dim**-0.5)
        nn.init.normal_(self.down.weight, std=dim_hidden**-0.5)

    def forward(self, x: Tensor) -> Tensor:
        """x and its change."""
        h = self.up(self.norm(x))
        if self.gated:
            gate, up = h.chunk(2, dim=-1)
            h = F.gelu(gate, approximate="tanh") * up
        else:
            h = F.relu(h)
        y = self.down(F.dropout(h, self.dropout, self.training))
        return x + F.dropout(y, self.dropout, self.training)


class Distances(nn.Module):
    """The biases of all layers, one for each head and bucket of distances."""

    def __init__(self, dim: int, heads: int, buckets: int, farthest: int, causal: bool) -> None:
        super().__init__()
        self.buckets, self.farthest, self.causal = buckets, farthest, causal
        self.table = nn.Parameter(torch.empty(buckets, heads).normal_(std=dim**-0.5))

    def forward(self, distance: Tensor) -> Tensor:
        """(heads, time, time_keys) for the distances (time, time_keys)."""
        return self.table[bucket(distance, self.buckets, self.farthest, causal=self.causal)].permute(2, 0, 1)


def check_stack(block: str, dropout: float, buckets: int, farthest: int, **sizes: Any) -> None:
    """The checks that both stacks share.

    Raises:
        ValueError: a setting is out of range.
    """
    positive(block, **sizes)
    check_buckets(block, buckets, farthest)
    if not 0 <= dropout < 1:
        raise ValueError(f"{block}: dropout: expected a rate from 0 to below 1, got {dropout}")
