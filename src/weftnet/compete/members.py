"""Several trained networks as one: an architecture that holds them all, and its weights.

    y = Σ_k w_k · y_k,   w_k > 0,  Σ w_k = 1

where y_k is the output of member k. Of logits that is the logarithm of the normalised geometric mean of the members'
probabilities, the logarithmic opinion pool (Genest, Zidek 1986, https://doi.org/10.1214/ss/1177013825); of numbers it
is their mean. The result is an ordinary network: it is checked, drawn, exported and served like any other.
Cost: the sum of the members' parameters and operations.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from torch import Tensor, nn

from weftnet.architecture.spec import Architecture, Block, Chain, Graph, Node, Shared, Wire, rebuilt
from weftnet.data.keys import free
from weftnet.errors import RunError

#: the only part of a network that answers alone
PART = "network"


def together(architectures: Sequence[Architecture], weights: Sequence[float], inputs: Sequence[str]) -> Architecture:
    """One network whose output is the weighted mean of theirs.

    Args:
        architectures: complete, each with the single part `network`, whose outputs have the same shape.
        weights: of each, positive; they sum to one.
        inputs: the names of the inputs, which all of them read.

    Raises:
        RunError: one has several parts or several outputs.
    """
    nodes: dict[str, Wire] = {}
    called, last = names(len(architectures), inputs), []
    for name, architecture, weight in zip(called, architectures, weights, strict=True):
        if set(architecture.parts) != {PART}:
            what = "several networks that don't answer alone can't become a member of an ensemble"
            raise RunError(what, got=", ".join(architecture.parts))
        node, scale = architecture.parts[PART], Block("scale", {"factor": weight})
        if isinstance(node, Graph):
            if len(node.outputs) > 1:
                what = "a network with several outputs can't become a member of an ensemble"
                raise RunError(what, got=", ".join(node.outputs))
            nodes |= _inside(node, name, inputs)
            nodes[name] = Wire((f"{name}_{node.outputs[0]}",), scale)
        else:
            members = node.nodes if isinstance(node, Chain) else (node,)
            moved = [_moved(member, lambda path, name=name: f"{name}.{path}") for member in members]
            nodes[name] = Wire(tuple(inputs), Chain((*moved, scale)))
        last.append(name)
    mean = free("mean", {*nodes, *inputs})
    nodes[mean] = Wire(tuple(last), None, "add" if len(last) > 1 else None)
    return Architecture({PART: Graph(tuple(inputs), nodes, (mean,))}, architectures[0].inputs)


def weights_of(
    models: Sequence[nn.ModuleDict], architectures: Sequence[Architecture], inputs: Sequence[str]
) -> dict[str, Tensor]:
    """The state of the network that `together` describes, from those of its members.

    Args:
        models: the networks by part, with their weights.
        architectures, inputs: the same that `together` was given.
    """
    state = {}
    for name, model, architecture in zip(names(len(models), inputs), models, architectures, strict=True):
        node = architecture.parts[PART]
        for key, tensor in model[PART].state_dict().items():
            if isinstance(node, Graph):
                path = f"{name}_{key}"
            elif isinstance(node, Chain):
                path = f"{name}.{key}"
            else:  # a single node: its name is its path in its own network
                path = f"{name}.{node.label or 0}.{key.partition('.')[2]}"
            state[f"{PART}.{path}"] = tensor
    return state


def names(count: int, inputs: Sequence[str]) -> list[str]:
    """What the members are called in the network that holds them, and how the names of their own nodes begin."""
    first = "member"
    while any(name.startswith(first) for name in inputs):
        first += "_"
    return [f"{first}{number}" for number in range(count)]


def _inside(graph: Graph, name: str, inputs: Sequence[str]) -> dict[str, Wire]:
    """The nodes of a member's graph beside those of other members: each under the member's name."""
    outside = {each: each for each in graph.inputs}
    if len(graph.inputs) == len(inputs) == 1:  # the only input may have any name
        outside = {graph.inputs[0]: inputs[0]}

    def there(source: str) -> str:
        return outside.get(source, f"{name}_{source}")

    wires = {}
    for node, wire in graph.nodes.items():
        sources: tuple[str, ...] | Mapping[str, str]
        if isinstance(wire.sources, Mapping):
            sources = {argument: there(source) for argument, source in wire.sources.items()}
        else:
            sources = tuple(map(there, wire.sources))
        inner = None if wire.node is None else _moved(wire.node, lambda path: f"{name}_{path}")
        wires[f"{name}_{node}"] = replace(wire, sources=sources, node=inner)
    return wires


def _moved(node: Node, path: Callable[[str], str]) -> Node:
    """The node with the paths of what it shares as they are after the move."""
    if isinstance(node, Shared):
        return replace(node, path=path(node.path))
    return rebuilt(node, lambda child: _moved(child, path))
