"""The rotation that `rotary_positions` and attention share."""

import torch
from torch import Tensor


def rotate(x: Tensor, start: int | Tensor = 0, base: float = 10000.0) -> Tensor:
    """Turn the pairs (i, i + dim/2) of x (…, time, dim) by (start + t) · base^(−2i/dim)."""
    time, dim = x.shape[-2:]
    # Angles are taken in float32 at least: bfloat16 can't tell step 257 from 256.
    exact = torch.promote_types(x.dtype, torch.float32)
    rates = base ** (-torch.arange(0, dim, 2, dtype=exact, device=x.device) / dim)  # (dim/2,)
    steps = start + torch.arange(time, dtype=exact, device=x.device)
    angles = steps.unsqueeze(1) * rates  # (time, dim/2)
    cos, sin = angles.cos().to(x.dtype), angles.sin().to(x.dtype)
    first, second = x.chunk(2, dim=-1)
    return torch.cat((first * cos - second * sin, second * cos + first * sin), dim=-1)
