"""Cutting units out of a network: smaller tensors, and an architecture with the new sizes.

The result is an ordinary network of an ordinary architecture. It computes what the original one does with those units
silenced – their weights set to zero – and that is checked before any fine-tuning.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from weftnet.architecture.edits import Edit, apply
from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Architecture, Block, Node, children
from weftnet.compose.network import Network, build
from weftnet.compress.groups import Group, axis_of
from weftnet.compress.sizes import Place, changes
from weftnet.compress.slices import slices
from weftnet.compress.unroll import unroll
from weftnet.data.batch import Batch
from weftnet.errors import WeftnetError

#: the largest difference of outputs that is taken for rounding, relative to the largest output
_TOLERANCE = 1e-4


@dataclass(frozen=True)
class Removal:
    """Units to remove from a group.

    Args:
        group: of coupled channels.
        units: their numbers.
    """

    group: Group
    units: Tensor


def cut(
    network: Network, architecture: Architecture, inputs: Mapping[str, Signal], removals: Sequence[Removal]
) -> tuple[Architecture, Network]:
    """The architecture with the new sizes, and its network with the remaining weights.

    Args:
        network: with its weights.
        architecture: of the part `network`.
        inputs: of that part.
        removals: at most one for each group.
    """
    state = network.state_dict()
    removed = _removed(removals, state)
    architecture = apply(unroll(architecture), _edits(network, architecture, removals))
    smaller = build(architecture, {"network": inputs})["network"]
    remaining = {name: _without(tensor, name, removed) for name, tensor in state.items()}
    smaller.load_state_dict(remaining)
    assert isinstance(smaller, Network)  # what build returns
    return architecture, smaller.eval()


def check(network: Network, smaller: Network, removals: Sequence[Removal], batch: Batch) -> None:
    """Refuse a cut network that does not compute what the original one does with those units silenced.

    A network that normalises over the cut features can't be checked this way, since zeros count in its mean.

    Raises:
        WeftnetError: the outputs differ.
    """
    if any(removal.group.mixing for removal in removals):
        return
    state = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    silenced = {name: tensor.clone() for name, tensor in state.items()}
    for (name, axis), places in _removed(removals, state).items():
        if "running" not in name:
            silenced[name].index_fill_(axis, torch.tensor(sorted(places)), 0)
    with torch.inference_mode():
        network.load_state_dict(silenced)
        expected = network(batch.inputs, batch.masks)
        network.load_state_dict(state)
        actual = smaller(batch.inputs, batch.masks)
    worst, scale = float((actual - expected).abs().max()), float(expected.abs().max())
    if worst > _TOLERANCE * max(scale, 1.0):
        raise WeftnetError(
            "the cut network does not compute what the original one does without those units",
            expected=f"a difference of at most {_TOLERANCE:g} of {scale:.3g}",
            got=f"{worst:.3g}",
        )


def _removed(removals: Iterable[Removal], state: Mapping[str, Tensor]) -> dict[tuple[str, int], set[int]]:
    """The removed places, by tensor and axis."""
    removed: dict[tuple[str, int], set[int]] = defaultdict(set)
    for removal in removals:
        leaving = torch.isin(removal.group.units, removal.units)
        for member in removal.group.members:
            for each in slices(member, state):
                removed[each.name, each.axis] |= set(each.places[leaving[each.channels]].tolist())
    return removed


def _without(tensor: Tensor, name: str, removed: Mapping[tuple[str, int], set[int]]) -> Tensor:
    for axis in range(tensor.dim()):
        if places := removed.get((name, axis)):
            remaining = [number for number in range(tensor.shape[axis]) if number not in places]
            tensor = tensor.index_select(axis, torch.tensor(remaining))
    return tensor.clone()


def _edits(network: Network, architecture: Architecture, removals: Sequence[Removal]) -> list[Edit]:
    """The changed settings, block by block."""
    counts: dict[str, dict[Place, int]] = defaultdict(lambda: defaultdict(int))
    for removal in removals:
        leaving = torch.isin(removal.group.units, removal.units)
        for member in removal.group.members:
            counts[member.block][member.place] += int(leaving[member.channels].sum())
    written = blocks_of(unroll(architecture).parts["network"])
    edits = []
    for block in network.rows:
        if block.path not in counts:
            continue
        sizes = {place: _size(network, block.path, place) - count for place, count in counts[block.path].items()}
        if block.settings.get("bidirectional") and ("", "out") in sizes:
            sizes["", "out"] //= 2
        settings = changes(block, written[block.path].settings, sizes)
        if settings:
            edits.append(Edit(("network", *block.path.split(".")), "set", settings))
    return edits


def _size(network: Network, block: str, place: Place) -> int:
    """The current size."""
    inner, side = place
    module = network.get_submodule(f"{block}.{inner}".rstrip("."))
    if not inner:
        (cell,) = module.children()
        ways = 2 if cell.bidirectional else 1
        return int(cell.input_size if side == "in" else cell.hidden_size * ways)  # type: ignore[arg-type,operator]
    weight = module.get_parameter("weight")
    return int(weight.shape[axis_of(module, side)])


def blocks_of(node: Node) -> dict[str, Block]:
    """The blocks of a node without repeats, by their paths in the network."""
    return dict(_blocks(node, ""))


def _blocks(node: Node, path: str) -> Iterable[tuple[str, Block]]:
    if isinstance(node, Block):
        yield path, node
    for segment, child in children(node):
        yield from _blocks(child, f"{path}.{segment}" if path else segment)
