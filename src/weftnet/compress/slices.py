"""Where a layer's channels lie in its tensors.

A channel of a linear layer's outputs is a row of its weight and a value of its bias; a unit of an LSTM is a row of each
of its four gates, in every layer and direction, a column of the hidden weights, and of the weights of the layer above.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from weftnet.compress.groups import Touch

_GATES = {"lstm": 4, "gru": 3, "rnn": 1}


@dataclass(frozen=True)
class Slice:
    """Places of channels on an axis of a tensor.

    Args:
        name: the tensor's.
        axis: on which they lie.
        places: (n) numbers on that axis.
        channels: (n) the group's channel that each of them is; a gate's rows repeat it.
    """

    name: str
    axis: int
    places: Tensor
    channels: Tensor


def slices(touch: Touch, state: Mapping[str, Tensor]) -> Iterator[Slice]:
    """The places of the touched channels in every tensor of the layer."""
    inner, side = touch.place
    prefix = f"{touch.block}.{inner}." if inner else f"{touch.block}."
    own = {name.removeprefix(prefix): tensor for name, tensor in state.items() if name.startswith(prefix)}
    if not inner:
        for name, axis, places, channels in _recurrent(touch, own):
            yield Slice(prefix + name, axis, places, channels)
        return
    for name, tensor in own.items():
        if side == "in" and name != "weight":
            continue
        if tensor.dim():  # the counter of a batch norm is no vector of channels
            axis = 1 if side == "in" or inner == "table" else 0  # an embedding's vectors are its rows
            yield Slice(prefix + name, axis, touch.numbers, touch.channels)


def _recurrent(touch: Touch, own: Mapping[str, Tensor]) -> Iterator[tuple[str, int, Tensor, Tensor]]:
    """Of a recurrent block: `lstm.weight_ih_l0` and its like."""
    kind = next(iter(own)).partition(".")[0]
    numbers, channels = touch.numbers, touch.channels
    if touch.place == ("", "in"):
        for name in own:
            if "weight_ih_l0" in name:
                yield name, 1, numbers, channels
        return
    dim = own[f"{kind}.weight_hh_l0"].shape[1]
    for name in own:
        start = dim if name.endswith("_reverse") else 0
        mine = (numbers >= start) & (numbers < start + dim)  # the units of this direction
        units = numbers[mine] - start
        rows = torch.cat([units + gate * dim for gate in range(_GATES[kind])])
        yield name, 0, rows, channels[mine].repeat(_GATES[kind])
        if "weight_hh" in name:
            yield name, 1, units, channels[mine]
        elif "weight_ih" in name and "_l0" not in name:
            yield name, 1, numbers, channels
