"""What the recurrent decoders share: a GRU's step from three products, the state before the first step, and weights.

state = (begun, h, …)     zeros before the first step: h is then the block's input `start`
"""

import torch
from torch import Tensor, nn


def begun(state: Tensor, start: Tensor) -> Tensor:
    """(batch, dim) h before the next step, of a state (batch, 1 + dim)."""
    return state[:, 1:] + (1 - state[:, :1]) * start


def remembered(*parts: Tensor) -> Tensor:
    """The state (batch, 1 + …) after a step."""
    return torch.cat((torch.ones_like(parts[0][:, :1]), *parts), 1)


def gated(inputs: Tensor, hidden: Tensor, h: Tensor) -> Tensor:
    """h' of a GRU (see gru) from (batch, 3 · dim) of the inputs and of h, in torch's order r, z, n."""
    r_in, z_in, n_in = inputs.chunk(3, 1)
    r_h, z_h, n_h = hidden.chunk(3, 1)
    r, z = torch.sigmoid(r_in + r_h), torch.sigmoid(z_in + z_h)
    return (1 - z) * torch.tanh(n_in + r * n_h) + z * h


def weights(scores: Tensor, *masks: Tensor | None) -> Tensor:
    """softmax(scores) (batch, time_memory) over what every mask calls real; where nothing is, any finite weights."""
    for mask in masks:
        if mask is not None:
            scores = scores.masked_fill(~mask, torch.finfo(scores.dtype).min)
    return scores.softmax(-1)


def uniform(module: nn.Module, dim: int) -> None:
    """U(±1/√dim) for all weights, as torch's recurrent layers start."""
    for parameter in module.parameters():
        nn.init.uniform_(parameter, -(dim**-0.5), dim**-0.5)
