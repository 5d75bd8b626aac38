"""Channels that can only be removed together, determined by torch-pruning's dependency graph.

A convolution's filter feeds a normalisation, perhaps a sum with a shortcut, and the convolutions that read it: removing
the filter means removing all of that. torch-pruning (G. Fang and others, DepGraph: towards any structural pruning,
2023, https://arxiv.org/abs/2301.12900) finds these groups by following autograd's graph. It understands networks of
plain torch layers, so a copy of the network is traced in which

- a recurrent block is replaced by a linear layer with the same inputs and outputs. (torch-pruning's own LSTM support
  slices the wrong axes in version 1.6.1, and knows neither stacked layers nor GRUs.)
- one more layer reads the output: a group that reaches it would change the shape of the answers, and is left alone.
"""

import copy
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from weftnet.base.extras import need
from weftnet.compose.flow import Resolved
from weftnet.compose.network import Network
from weftnet.compress.sizes import Place, Side, is_whole, mixes, sizes_of
from weftnet.data.batch import Batch


@dataclass(frozen=True)
class Member:
    """A group's channels in one layer.

    Args:
        block: path of the block.
        place: the submodule inside it, and whether its outputs or inputs.
        numbers: (n) the layer's channels.
        channels: (n) the group's channel that each of them belongs to.
        axis: of the channels in the layer's weight.
    """

    block: str
    place: Place
    numbers: Tensor
    channels: Tensor
    axis: int = 0


@dataclass(frozen=True)
class Group:
    """Coupled channels.

    Args:
        name: the block that computes them.
        units: (channels) the unit that each channel belongs to; a unit is removed as a whole.
        members: the channels in each layer.
        mixing: whether a block among them computes across channels: then zeroing is not the same as removing.
    """

    name: str
    units: Tensor
    members: tuple[Member, ...]
    mixing: bool

    @property
    def size(self) -> int:
        """The number of units."""
        return int(self.units.max()) + 1


class _LinearStub(nn.Module):
    """A linear layer with the inputs and outputs of a recurrent block."""

    def __init__(self, dim_in: int, dim: int) -> None:
        super().__init__()
        self.linear = nn.Linear(dim_in, dim)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """With the block's signature."""
        y: Tensor = self.linear(x)
        return y


class _WithReader(nn.Module):
    """The network, followed by a layer that reads its output."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = copy.deepcopy(network)
        gives = network.resolved.output
        self.axis = 1 + gives.axes.index("channels" if gives.kind == "image" else "dim")
        self.reader = nn.Linear(gives.sizes[self.axis - 1], 1)
        for block in network.rows:
            if block.kind == "block" and is_whole(block):
                self._replace(block.path, block.reads["x"].size("dim"), block.output.size("dim"))

    def _replace(self, path: str, dim_in: int, dim: int) -> None:
        owner, _, name = path.rpartition(".")
        self.network.get_submodule(owner).add_module(name, _LinearStub(dim_in, dim))

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        """The reader's value at every position."""
        y: Tensor = self.reader(self.network(inputs).movedim(self.axis, -1))
        return y


def groups(network: Network, batch: Batch) -> list[Group]:
    """The groups that can be reduced, in the order of the network.

    Args:
        network: as built.
        batch: a few examples to trace with; their masks are ignored, as they only zero the padding.

    Raises:
        MissingExtra: torch-pruning is not installed.
    """
    pruning = need("torch_pruning", extra="compress", what="structured pruning")
    traced = _WithReader(network).eval()
    roots = (nn.modules.conv._ConvNd, nn.Linear, nn.Embedding)
    with warnings.catch_warnings(), torch.enable_grad():
        warnings.simplefilter("ignore")  # it warns about parameters that it can't slice; their groups are left alone
        graph = pruning.DependencyGraph().build_dependency(
            traced, batch.inputs, forward_fn=lambda model, inputs: model(inputs), verbose=False
        )
        candidates = list(graph.get_all_groups(root_module_types=roots))
    blocks = {block.path: block for block in network.rows if block.kind == "block"}
    result = []
    for items in candidates:
        members = list(_members(items, graph, traced, blocks))
        resizable = [member for member in members if member is not None]
        if len(resizable) == len(members):
            mixing = any(mixes(blocks[member.block]) for member in resizable)
            result.append(Group(resizable[0].block, _units(resizable, blocks), tuple(resizable), mixing))
    return result


def _members(items: Any, graph: Any, traced: _WithReader, blocks: Mapping[str, Resolved]) -> Iterator[Member | None]:
    """The members of a group; None for every layer whose size can't change."""
    names = {module: name for name, module in traced.network.named_modules()}
    for item in items:
        module = item.dep.target.module
        if isinstance(module, nn.Parameter) or module is traced.reader:
            yield None
        elif module in names:  # the others are operations without weights
            side: Side = "out" if graph.is_out_channel_pruning_fn(item.dep.handler) else "in"
            member = _member(names[module], side, item.idxs, item.root_idxs, blocks)
            yield None if member is None else replace(member, axis=axis_of(module, side))


def axis_of(module: nn.Module, side: Side) -> int:
    """The axis of a layer's weight on which its outputs or inputs lie; an embedding's rows are its vectors."""
    return int(side == "in" or isinstance(module, nn.Embedding))


def _member(
    path: str, side: Side, numbers: Sequence[int], channels: Sequence[int | None], blocks: Mapping[str, Resolved]
) -> Member | None:
    owner = path
    while owner not in blocks:
        owner, _, _ = owner.rpartition(".")
    block = blocks[owner]
    inner = "" if is_whole(block) else path[len(owner) + 1 :]
    if (inner, side) not in sizes_of(block) or any(channel is None for channel in channels):
        return None
    return Member(owner, (inner, side), torch.tensor(list(numbers)), torch.tensor(list(channels)))


def _units(members: Sequence[Member], blocks: Mapping[str, Resolved]) -> Tensor:
    """The unit of each channel: in a bidirectional layer, a channel of each direction."""
    units = torch.arange(int(members[0].channels.max()) + 1)
    for member in members:
        block = blocks[member.block]
        if member.place == ("", "out") and block.settings.get("bidirectional"):
            channel = dict(zip(member.numbers.tolist(), member.channels.tolist(), strict=True))
            dim = block.settings["dim"]
            for number in range(dim):
                one, other = units[channel[number]], units[channel[dim + number]]
                units[units == other] = one.clone()
    numbers: Tensor = torch.unique(units, return_inverse=True)[1]
    return numbers
