"""Which steps a step of self-attention reads, and with what bias: for forms in which their distance counts.

distance[t, s] = s − (past + t)                      of key s from query t, `past` steps having been read before
"""

import torch
from torch import Tensor
from torch.nn import functional as F


def distances(queries: Tensor, keys: Tensor) -> Tensor:
    """(time, time_keys) of each key from each query: the last query stands where the last key does."""
    now, all_ = queries.shape[2], keys.shape[2]
    steps = torch.arange(all_, device=keys.device)
    return steps - steps[all_ - now :].unsqueeze(1)


def visible(distance: Tensor, *, causal: bool, window: int | None = None) -> Tensor:
    """Which keys a query reads: with `causal` none behind it, with a window those less than so many steps away."""
    seen = distance <= 0 if causal else torch.ones_like(distance, dtype=torch.bool)
    return seen if window is None else seen & (distance.abs() < window)


def read(
    queries: Tensor,
    keys: Tensor,
    values: Tensor,
    seen: Tensor,
    mask: Tensor | None = None,
    *,
    bias: Tensor | None = None,
    dropout: float = 0.0,
    scale: float | None = None,
) -> Tensor:
    """softmax(scale · queries keysᵀ + bias) values over (batch, heads, time, dim), over the keys that are seen.

    Args:
        queries: (batch, heads, time, dim).
        keys: (batch, heads, time_keys, dim).
        values: as the keys.
        seen: (time, time_keys) which keys each query reads.
        mask: (batch, time_keys) which keys are real; a query without a real key gets zeros.
        bias: (heads, time, time_keys) added to the scores.
        dropout: rate at which weights are dropped.
        scale: 1 / √dim by default.
    """
    nowhere = None
    if mask is not None:
        seen = seen & mask[:, None, None, :]
        nowhere = ~seen.any(dim=-1, keepdim=True)
        seen = seen | nowhere  # a softmax over nothing is 0/0: such a row reads everything first
    if torch.compiler.is_exporting():  # the fused kernel's memory layout would be a part of the program
        scores = queries @ keys.mT * (queries.shape[-1] ** -0.5 if scale is None else scale)
        weights = (scores if bias is None else scores + bias).masked_fill(~seen, -torch.inf).softmax(-1)
        y = weights @ values
        return y if nowhere is None else y.masked_fill(nowhere, 0)
    # (1, heads, time, time_keys): the fused kernel takes two axes or four
    added = seen if bias is None else bias.to(queries.dtype).unsqueeze(0).masked_fill(~seen, -torch.inf)
    y = F.scaled_dot_product_attention(queries, keys, values, attn_mask=added, dropout_p=dropout, scale=scale)
    return y if nowhere is None else y.masked_fill(nowhere, 0)
