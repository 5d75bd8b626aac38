"""Waves (batch, time, 1) with a mask: what the tasks from wave to wave share."""

from torch import Tensor


def silenced(x: Tensor, mask: Tensor | None) -> Tensor:
    """Zero at padding, where there is any."""
    return x if mask is None else x.masked_fill(~mask.unsqueeze(2), 0)


def cut(y: Tensor, mask: Tensor | None, time: int) -> Tensor:
    """Outputs of the wave's own samples, zero at padding."""
    return silenced(y[:, :time], mask)
