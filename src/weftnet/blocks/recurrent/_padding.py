"""Recurrent layers over padded sequences, exactly and without packing.

Packing needs the lengths as numbers on the host, which neither `torch.export` nor the meta device has. Instead:

- padding is on the right, so a forward pass meets it only after the last real step;
- a backward pass is a forward pass over each sequence reversed within its own length;
- layers run one by one, since a layer's padded outputs must not reach the next layer's backward pass;
- the last state is gathered at each sequence's last real step.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional as F

#: (number of the cell, x) → (y, last state): one layer in one direction
OneWay = Callable[[int, Tensor], tuple[Tensor, Tensor]]


def run_padded(
    one_way: OneWay, x: Tensor, mask: Tensor, *, layers: int, directions: int, dropout: float
) -> tuple[Tensor, list[Tensor]]:
    """Outputs (batch, time, dim · directions), zero at padding, and each cell's last state in torch's order."""
    padding = ~mask.unsqueeze(-1)
    order = _reversal(mask)
    x = x.masked_fill(padding, 0)
    lasts = []
    for layer in range(layers):
        ways = []
        for direction in range(directions):
            seen = _take(x, order) if direction else x
            y, last = one_way(layer * directions + direction, seen)
            y = y.masked_fill(padding, 0)
            ways.append(_take(y, order) if direction else y)
            lasts.append(last)
        x = torch.cat(ways, dim=-1)
        if layer < layers - 1:
            x = F.dropout(x, dropout)
    return x, lasts


def last_hidden(start: Tensor, y: Tensor, mask: Tensor) -> Tensor:
    """The output (batch, dim) at each sequence's last real step; the start itself for a sequence without any."""
    states = torch.cat((start.unsqueeze(1), y), dim=1)
    return _take(states, mask.sum(dim=1, keepdim=True)).squeeze(1)


def check(block: str, dim_in: int, dim: int, layers: int, dropout: float) -> None:
    """The checks that rnn, lstm and gru share."""
    for name, value in (("dim_in", dim_in), ("dim", dim), ("layers", layers)):
        if value < 1:
            raise ValueError(f"{block}: {name}: expected a positive integer, got {value}")
    if not 0 <= dropout < 1:
        raise ValueError(f"{block}: dropout: expected a rate from 0 to below 1, got {dropout}")
    if dropout and layers == 1:
        raise ValueError(f"{block}: dropout: expected 0 with one layer, since it acts between layers, got {dropout}")


def check_one_way(block: str, directions: int) -> None:
    """A backward direction needs the end of the sequence first."""
    if directions != 1:
        raise ValueError(f"{block}: step: expected bidirectional=False, got True")


def _reversal(mask: Tensor) -> Tensor:
    """The index (batch, time) that reverses the real steps and leaves padding in place; its own inverse."""
    steps = torch.arange(mask.shape[1], device=mask.device)
    return torch.where(mask, mask.sum(dim=1, keepdim=True) - 1 - steps, steps)


def _take(x: Tensor, steps: Tensor) -> Tensor:
    """The steps (batch, n) of x (batch, time, dim). `take_along_dim` would fix the batch size of an export."""
    return x.gather(1, steps.unsqueeze(-1).expand(-1, -1, x.shape[2]))
