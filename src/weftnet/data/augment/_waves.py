"""What augmentations of waves and tokens share."""

import torch
from torch import Tensor


def along(draws: Tensor, values: Tensor) -> Tensor:
    """(batch,) draws in the dtype of values and with as many axes."""
    return draws.to(values.dtype).view(-1, *[1] * (values.ndim - 1))


def real_of(values: Tensor, mask: Tensor | None) -> Tensor:
    """(batch, time) which steps are real; all without a mask."""
    return mask if mask is not None else torch.ones(values.shape[:2], dtype=torch.bool, device=values.device)
