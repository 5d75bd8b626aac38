"""What the attention blocks share: weights that never reach padding, and zeros where there is nothing to read."""

import torch
from torch import Tensor
from torch.nn import functional as F


def zeroed(x: Tensor, mask: Tensor | None) -> Tensor:
    """x (batch, time, dim) with zeros at padding: 0 · NaN is NaN, so no weight of 0 can hide what padding holds."""
    return x if mask is None else x.masked_fill(~mask.unsqueeze(-1), 0)


def attend(
    queries: Tensor,
    keys: Tensor,
    values: Tensor,
    mask: Tensor | None = None,
    *,
    causal: bool = False,
    dropout: float = 0.0,
) -> Tensor:
    """softmax(queries keysᵀ / √dim) values over (batch, heads, time, dim), by torch's fused kernel.

    `mask` (batch, time_memory) says which keys are real. A query without a real key gets zeros.
    """
    if mask is None:
        y: Tensor = F.scaled_dot_product_attention(queries, keys, values, dropout_p=dropout, is_causal=causal)
        return y
    allowed = mask[:, None, None, :]
    if causal:
        allowed = allowed & torch.ones(queries.shape[2], keys.shape[2], dtype=torch.bool, device=mask.device).tril()
    # A softmax over nothing is 0/0: such a row looks everywhere first and is set to zero afterwards.
    nowhere = ~allowed.any(dim=-1, keepdim=True)
    y = F.scaled_dot_product_attention(queries, keys, values, attn_mask=allowed | nowhere, dropout_p=dropout)
    return y.masked_fill(nowhere, 0)


def split_heads(x: Tensor, heads: int) -> Tensor:
    """(batch, time, dim) → (batch, heads, time, dim / heads)."""
    return x.reshape(*x.shape[:2], heads, -1).transpose(1, 2)


def join_heads(x: Tensor) -> Tensor:
    """(batch, heads, time, dim / heads) → (batch, time, dim)."""
    return x.transpose(1, 2).flatten(2)


def check(block: str, dim: int, heads: int, dropout: float) -> None:
    """The checks that blocks with heads share."""
    if dim < 1:
        raise ValueError(f"{block}: dim: expected a positive integer, got {dim}")
    if heads < 1 or dim % heads:
        raise ValueError(f"{block}: heads: expected a divisor of dim {dim}, got {heads}")
    if not 0 <= dropout < 1:
        raise ValueError(f"{block}: dropout: expected a rate from 0 to below 1, got {dropout}")
