"""Waves and sinusoids of the short-time Fourier transform, and its back, as the rows of two matrices.

w[n] = √(½ − ½ cos(2π n / window)),   n = 0 … window − 1
there  [k, n] = w[n] · cos(2π k n / window),  [bins + k, n] = −w[n] · sin(2π k n / window),   bins = window/2 + 1
back   [k, n] = 2 hop / window² · c[k] · there[k, n],   c[k] = 1 for k = 0 and window/2, else 2
"""

import math

import torch
from torch import Tensor


def check(block: str, window: int, hop: int | None) -> int:
    """The hop, half the window by default.

    Raises:
        ValueError: the window is odd, or no multiple of two hops or more.
    """
    if window < 2 or window % 2:
        raise ValueError(f"{block}: window: expected an even number, got {window}")
    hop = window // 2 if hop is None else hop
    if hop < 1 or window % hop or window // hop < 2:
        raise ValueError(f"{block}: hop: expected a half, a third, … of the window {window}, got {hop}")
    return hop


def there(window: int, like: Tensor) -> Tensor:
    """(window + 2, window), made in float64."""
    n = torch.arange(window, dtype=torch.float64, device=like.device)
    w = (0.5 - 0.5 * (2 * math.pi * n / window).cos()).sqrt()
    angles = 2 * math.pi / window * (torch.arange(window // 2 + 1, device=like.device).unsqueeze(1) * n)
    return torch.cat((w * angles.cos(), -w * angles.sin())).to(like.dtype)


def back(window: int, hop: int, like: Tensor) -> Tensor:
    """(window + 2, window)."""
    c = torch.full((window // 2 + 1, 1), 2.0, dtype=like.dtype, device=like.device)
    c[0], c[-1] = 1.0, 1.0
    return 2 * hop / window**2 * c.repeat(2, 1) * there(window, like)
