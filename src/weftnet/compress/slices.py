"""The places of a layer's channels in its tensors.

A channel of a linear layer's outputs is a row of its weight and a value of its bias; a unit of an LSTM is a row of each
of its four gates, in every layer and direction, a column of the hidden weights, and of the weights of the layer above.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from torch import Tensor

from weftnet.compress.groups import Member


@dataclass(frozen=True)
class Slice:
    """Places of channels on an axis of a tensor.

    Args:
        name: of the tensor.
        axis: of the places.
        places: (n) indices along that axis.
        channels: (n) the group's channel that each of them belongs to; repeated for each gate.
    """

    name: str
    axis: int
    places: Tensor
    channels: Tensor


def slices(member: Member, state: Mapping[str, Tensor]) -> Iterator[Slice]:
    """The places of the member's channels in every tensor of its layer."""
    inner, side = member.place
    prefix = f"{member.block}.{inner}." if inner else f"{member.block}."
    own = {name.removeprefix(prefix): tensor for name, tensor in state.items() if name.startswith(prefix)}
    if not inner:
        for name, axis, places, channels in _recurrent(member, own):
            yield Slice(prefix + name, axis, places, channels)
        return
    for name, tensor in own.items():
        if side == "in" and name != "weight":
            continue
        if tensor.dim():  # the counter of a batch norm has no channels
            yield Slice(prefix + name, member.axis, member.numbers, member.channels)


def _recurrent(member: Member, own: Mapping[str, Tensor]) -> Iterator[tuple[str, int, Tensor, Tensor]]:
    """In a recurrent block: `lstm.weight_ih_l0` and so on."""
    kind = next(iter(own)).partition(".")[0]
    numbers, channels = member.numbers, member.channels
    if member.place == ("", "in"):
        for name in own:
            if "weight_ih_l0" in name:
                yield name, 1, numbers, channels
        return
    rows_hidden, dim = own[f"{kind}.weight_hh_l0"].shape
    gates = rows_hidden // dim
    for name in own:
        start = dim if name.endswith("_reverse") else 0
        own_direction = (numbers >= start) & (numbers < start + dim)
        units = numbers[own_direction] - start
        rows = torch.cat([units + gate * dim for gate in range(gates)])
        yield name, 0, rows, channels[own_direction].repeat(gates)
        if "weight_hh" in name:
            yield name, 1, units, channels[own_direction]
        elif "weight_ih" in name and "_l0" not in name:
            yield name, 1, numbers, channels
