"""Channels that stand or fall together, found by torch-pruning's dependency graph.

A convolution's filter feeds a normalisation, perhaps a sum with a shortcut, and the convolutions that read it: who
takes it away has to take away all of that. torch-pruning (G. Fang and others, DepGraph: towards any structural pruning,
2023, https://arxiv.org/abs/2301.12900) finds these groups by following autograd's graph. It reads networks of plain
torch layers; so a copy of the network is traced in which

- a recurrent block is stood in for by a linear layer of the same inputs and outputs. (Its own LSTM support slices the
  wrong axes in version 1.6.1, and knows neither stacked layers nor GRUs.)
- one more layer reads the output: a group that reaches it would change the shape of the answers, and is left alone.
"""

import copy
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from weftnet.base.extras import need
from weftnet.compose.flow import Resolved
from weftnet.compose.network import Network
from weftnet.compress.sizes import MIXING, Place, Side, sizes_of
from weftnet.data.batch import Batch

RECURRENT = ("lstm", "gru", "rnn")


@dataclass(frozen=True)
class Touch:
    """Where a group's channels lie in one layer.

    Args:
        block: path of the block.
        place: the submodule inside it, and its outputs or inputs.
        numbers: (n) the layer's channels.
        channels: (n) the group's channel that each of them is.
    """

    block: str
    place: Place
    numbers: Tensor
    channels: Tensor


@dataclass(frozen=True)
class Group:
    """Coupled channels.

    Args:
        name: the block that makes them.
        units: (channels) the unit that each channel belongs to; a unit goes as a whole.
        touches: where they lie.
        mixing: whether a touched block computes across channels: then silencing is not the same as removing.
    """

    name: str
    units: Tensor
    touches: tuple[Touch, ...]
    mixing: bool

    @property
    def size(self) -> int:
        """How many units there are."""
        return int(self.units.max()) + 1


class _StandIn(nn.Module):
    """A linear layer with the inputs and outputs of a recurrent block."""

    def __init__(self, dim_in: int, dim: int) -> None:
        super().__init__()
        self.linear = nn.Linear(dim_in, dim)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """As the block is called."""
        y: Tensor = self.linear(x)
        return y


class _Read(nn.Module):
    """The network with a reader of its output."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = copy.deepcopy(network)
        gives = network.resolved.output
        self.axis = 1 + gives.axes.index("channels" if gives.kind == "image" else "dim")
        self.reader = nn.Linear(gives.sizes[self.axis - 1], 1)
        for block in network.rows:
            if block.kind == "block" and block.name in RECURRENT:
                self._stand_in(block.path, block.reads["x"].size("dim"), block.output.size("dim"))

    def _stand_in(self, path: str, dim_in: int, dim: int) -> None:
        owner, _, name = path.rpartition(".")
        self.network.get_submodule(owner).add_module(name, _StandIn(dim_in, dim))

    def forward(self, inputs: dict[str, Tensor]) -> Tensor:
        """The reader's value of every position."""
        y: Tensor = self.reader(self.network(inputs).movedim(self.axis, -1))
        return y


def groups(network: Network, batch: Batch) -> list[Group]:
    """The groups that can be made smaller, in the order of the network.

    Args:
        network: as built.
        batch: a few examples to trace with; their masks are left out, which only zero what is padded.

    Raises:
        MissingExtra: torch-pruning is not installed.
    """
    pruning = need("torch_pruning", extra="compress", what="structured pruning")
    traced = _Read(network).eval()
    roots = (nn.modules.conv._ConvNd, nn.Linear, nn.Embedding)
    with warnings.catch_warnings(), torch.enable_grad():
        warnings.simplefilter("ignore")  # it warns of parameters that it can't slice; their groups are left alone
        graph = pruning.DependencyGraph().build_dependency(
            traced, batch.inputs, forward_fn=lambda model, inputs: model(inputs), verbose=False
        )
        found = list(graph.get_all_groups(root_module_types=roots))
    blocks = {block.path: block for block in network.rows if block.kind == "block"}
    result = []
    for items in found:
        touches = list(_touches(items, graph, traced, blocks))
        whole = [touch for touch in touches if touch is not None]
        if len(whole) == len(touches):
            mixing = any(blocks[touch.block].name in MIXING for touch in whole)
            result.append(Group(whole[0].block, _units(whole, blocks), tuple(whole), mixing))
    return result


def _touches(items: Any, graph: Any, traced: _Read, blocks: Mapping[str, Resolved]) -> Iterator[Touch | None]:
    """Where a group lies; None for every layer whose size can't change."""
    names = {module: name for name, module in traced.network.named_modules()}
    for item in items:
        module = item.dep.target.module
        if isinstance(module, nn.Parameter) or module is traced.reader:
            yield None
        elif module in names:  # the others are operations without weights
            side: Side = "out" if graph.is_out_channel_pruning_fn(item.dep.handler) else "in"
            yield _touch(names[module], side, item.idxs, item.root_idxs, blocks)


def _touch(
    path: str, side: Side, numbers: Sequence[int], channels: Sequence[int | None], blocks: Mapping[str, Resolved]
) -> Touch | None:
    owner = path
    while owner not in blocks:
        owner, _, _ = owner.rpartition(".")
    block = blocks[owner]
    inner = "" if block.name in RECURRENT else path[len(owner) + 1 :]
    if (inner, side) not in sizes_of(block).places or any(channel is None for channel in channels):
        return None
    return Touch(owner, (inner, side), torch.tensor(list(numbers)), torch.tensor(list(channels)))


def _units(touches: Sequence[Touch], blocks: Mapping[str, Resolved]) -> Tensor:
    """The unit of each channel: a bidirectional layer's two directions have as many channels each."""
    units = torch.arange(int(touches[0].channels.max()) + 1)
    for touch in touches:
        block = blocks[touch.block]
        if touch.place == ("", "out") and block.settings.get("bidirectional"):
            channel = dict(zip(touch.numbers.tolist(), touch.channels.tolist(), strict=True))
            dim = block.settings["dim"]
            for number in range(dim):
                one, other = units[channel[number]], units[channel[dim + number]]
                units[units == other] = one.clone()
    numbers: Tensor = torch.unique(units, return_inverse=True)[1]
    return numbers
