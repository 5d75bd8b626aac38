"""How deep below the head each node lies, counted in layers: what rates that fall by depth go by.

    rate of a parameter at depth d = base rate · depth_rateᵈ         the head has d = 0, the layer below it d = 1 …

Source: J. Howard, S. Ruder, Universal Language Model Fine-tuning for Text Classification, 2018,
https://arxiv.org/abs/1801.06146 ("discriminative fine-tuning", a factor of 1/2.6 a layer); as layer-wise decay of the
rate in K. Clark and others, ELECTRA, 2020, https://arxiv.org/abs/2003.10555 (0.8 a layer).

A layer is a block that holds a matrix: a convolution, a recurrent or dense layer, a whole layer of a Transformer.
Vectors belong to the layer before them: a norm has the depth of the convolution that it follows. Branches are counted
side by side, and what follows them is above all of them. Each part of a model is counted from its own head down.
"""

from collections.abc import Callable, Mapping, Sequence

from torch import nn

from weftnet.compose.flow import Resolved
from weftnet.compose.network import Network


def depths(model: nn.ModuleDict, head: Sequence[str]) -> dict[str, int]:
    """The depth of every parameter by name, 0 in the head.

    Args:
        model: the networks by part.
        head: the paths of its nodes.
    """
    found: dict[str, int] = {}
    for part, network in model.items():
        if not isinstance(network, Network):
            found |= {f"{part}.{name}": 0 for name, _ in network.named_parameters()}
            continue
        below: dict[str, int] = {}
        _count(network, network.resolved, "", 0, below)
        own = {f"{part}.{name}": _of(name, below) for name, _ in network.named_parameters()}
        top = max((depth for name, depth in own.items() if _under(head, name)), default=0)
        found |= {name: max(depth - top, 0) for name, depth in own.items()}
    return found


def _count(network: Network, node: Resolved, path: str, above: int, found: dict[str, int]) -> int:
    """Note the depth of every block of a node with so many layers above it; how many there are above what feeds it."""

    def inside(segment: str, layers: int) -> int:
        return _count(network, node.children[segment], f"{path}.{segment}" if path else segment, layers, found)

    match node.kind:
        case "chain" | "each":
            for segment in reversed(tuple(node.children)):
                above = inside(segment, above)
            return above
        case "residual" | "parallel":
            return max([above, *(inside(segment, above) for segment in node.children)])
        case "graph":
            return _graph(node, above, inside)
    found[path] = above
    block = network.get_submodule(path) if path else network
    return above + any(parameter.ndim > 1 for parameter in block.parameters())


def _graph(node: Resolved, above: int, inside: Callable[[str, int], int]) -> int:
    """The same of a graph: a node is below all that read it."""
    layers: dict[str, int] = dict.fromkeys((name.partition(".")[0] for name in node.outputs), above)
    for name in reversed(tuple(node.wires)):
        fed = layers.get(name, above)
        fed = inside(name, fed) if name in node.children else fed
        for source in node.wires[name].names:
            source = source.partition(".")[0]
            layers[source] = max(layers.get(source, 0), fed)
    return max((layers.get(name, above) for name in node.reads), default=above)


def _of(name: str, found: Mapping[str, int]) -> int:
    """The depth of the block that a parameter lies in."""
    steps = name.split(".")
    paths = (".".join(steps[:end]) for end in range(len(steps), 0, -1))
    return next((found[path] for path in paths if path in found), found.get("", 0))


def _under(head: Sequence[str], name: str) -> bool:
    return any(name.startswith(f"{node}.") for node in head)
