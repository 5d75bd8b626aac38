"""The convolutions that no other convolution follows, determined from the network's tree.

In a chain they are those of its last child that has any; in a residual those of its body; in branches those of every
branch; in a graph those of its output node, or else of the nodes that this one reads, and so on.
"""

from collections.abc import Iterator
from typing import Any

from torch import nn

from weftnet.compose import Network
from weftnet.compose.flow import Resolved
from weftnet.errors import SettingError

_FIX = "use integrated_gradients or occlusion"


def last_convolutions(network: nn.Module) -> list[Any]:
    """torch's own layers, whose output is (batch, channels, …positions).

    Raises:
        SettingError: there is none, or the network is an exported one.
    """
    if not isinstance(network, Network):
        raise SettingError("the layers of an exported network are not accessible", fix="use the method occlusion")
    paths = list(dict.fromkeys(_last(network.resolved)))
    layers = [_inner(network.get_submodule(path)) for path in paths]
    if not layers:
        raise SettingError(
            "grad_cam needs a convolution with more than one output position", got="a network without one", fix=_FIX
        )
    return layers


def _last(node: Resolved) -> Iterator[str]:
    """The paths of the blocks."""
    match node.kind:
        case "block":
            if _is_convolution(node):
                yield node.path
        case "parallel":
            for child in node.children.values():
                yield from _last(child)
        case "residual":
            yield from _first_with_any([node.children["body"], *_named(node, "shortcut")])
        case "graph":
            for output in node.outputs:
                yield from _upstream(node, output)
        case _:
            yield from _first_with_any(list(node.children.values())[::-1])


def _first_with_any(nodes: list[Resolved]) -> list[str]:
    return next((paths for node in nodes if (paths := list(_last(node)))), [])


def _named(node: Resolved, segment: str) -> list[Resolved]:
    return [node.children[segment]] if segment in node.children else []


def _upstream(graph: Resolved, name: str) -> list[str]:
    """The paths in a graph's node, or else in the nodes that it reads."""
    own = [path for child in _named(graph, name) for path in _last(child)]
    if own or name not in graph.wires:
        return own
    return [path for source in graph.wires[name].names for path in _upstream(graph, source)]


def _is_convolution(node: Resolved) -> bool:
    """Whether it is one, and its output has more than one position."""
    if node.cls.__module__.split(".")[-2:-1] != ["convolution"] or "transposed" in node.name:
        return False
    signal = node.output
    return any(signal.size(axis) > 1 for axis in ("height", "width", "time") if axis in signal.axes)


def _inner(block: nn.Module) -> nn.Module:
    """The layer inside a block that computes its output."""
    return [module for module in block.modules() if isinstance(module, nn.Conv1d | nn.Conv2d | nn.Conv3d)][-1]
