"""Buckets of distances, T5's: near ones have one each, farther ones share."""

import math

import torch
from torch import Tensor


def check_buckets(block: str, buckets: int, farthest: int) -> None:
    """The checks that blocks with buckets share.

    Raises:
        ValueError: they can't be divided.
    """
    if buckets < 4 or buckets % 4:
        raise ValueError(f"{block}: buckets: expected a multiple of 4, got {buckets}")
    if farthest <= buckets // 2:
        raise ValueError(f"{block}: farthest: expected more than half the buckets, {buckets // 2}, got {farthest}")


def bucket(distance: Tensor, buckets: int, farthest: int, *, causal: bool) -> Tensor:
    """The bucket of each distance of a key from a query, as `bucketed_attention` says."""
    size = buckets if causal else buckets // 2
    exact, far = size // 2, distance.abs().clamp(min=1)
    share = torch.log(far.float() / exact) / math.log(farthest / exact)
    spread = (exact + (share * (size - exact)).long()).clamp(max=size - 1)
    near = -distance.clamp(max=0) if causal else distance.abs()  # a later step is not read if causal
    found = torch.where(near < exact, near, spread)
    return found if causal else found + size * (distance > 0)
