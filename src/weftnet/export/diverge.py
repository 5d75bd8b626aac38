"""Where an exported model diverges from its network: the first node whose output differs.

The network runs with a hook on each of its nodes. The exported model runs on the same inputs and returns the values of
its operations, each with the path of the module it came from. A node's output is among the values that are read outside
its path; a node whose operations were fused into another one has none, and that other node is checked for both.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch import Tensor

from weftnet.architecture.signal import Signal
from weftnet.compose.flow import Resolved
from weftnet.compose.network import Network
from weftnet.export.parity import ABSOLUTE, RELATIVE, Values, distance, reference


@dataclass(frozen=True)
class Inner:
    """A value inside an exported model.

    Args:
        path: of the module whose operation computed it ("3.body.0.conv").
        readers: paths of the modules whose operations read it; an empty one is the model's output.
        value: the value.
    """

    path: str
    readers: tuple[str, ...]
    value: NDArray[Any]


@dataclass(frozen=True)
class Diverging:
    """The first node that differs.

    Args:
        node: its path and block: "3.body.0 (conv2d)".
        difference: the largest absolute one.
    """

    node: str
    difference: float


def first_diverging(
    network: Network, signals: Mapping[str, Signal], values: Values, inner: Sequence[Inner]
) -> Diverging | None:
    """Compare node by node, in the order in which they finish; None if no comparable node differs.

    Where part of a node was fused into the next one, its remaining value differs, but the next node agrees: such a node
    is skipped.
    """
    names = dict(_nodes(network.resolved))
    differences: dict[str, float] = {}
    readers: dict[str, set[str]] = {}
    for path, expected in outputs_of(network, signals, values):
        leaving = [each for each in inner if _leaves(each, path) and each.value.shape == expected.shape]
        if leaving:
            least = min(distance(expected, each.value) for each in leaving)
            differences[path] = least if least > ABSOLUTE + RELATIVE * float(np.abs(expected).max(initial=0.0)) else 0.0
            readers[path] = {reader for each in leaving for reader in each.readers if not _within(reader, path)}
    agreeing = [path for path, difference in differences.items() if not difference]
    for path, difference in differences.items():
        after = [other for other in agreeing if any(_within(reader, other) for reader in readers[path])]
        if difference and not any(not _within(path, other) for other in after):
            return Diverging(f"{path} ({names[path]})", difference)
    return None


def outputs_of(network: Network, signals: Mapping[str, Signal], values: Values) -> list[tuple[str, NDArray[Any]]]:
    """The output of every node, in the order in which they finish: blocks before the combinator they are in."""
    nodes = dict(_nodes(network.resolved))
    outputs: list[tuple[str, NDArray[Any]]] = []

    def record(path: str) -> Any:
        def hook(module: Any, arguments: Any, output: Any) -> None:
            value = output[0] if isinstance(output, tuple) else output
            if isinstance(value, Tensor):  # a graph returns a mapping
                outputs.append((path, value.numpy()))

        return hook

    handles = [
        module.register_forward_hook(record(path)) for path, module in network.named_modules() if path and path in nodes
    ]
    try:
        reference(network, signals, values)
    finally:
        for handle in handles:
            handle.remove()
    return outputs


def _nodes(resolved: Resolved) -> Iterator[tuple[str, str]]:
    """The path and name of a node and of all nodes below it."""
    yield resolved.path, resolved.name
    for child in resolved.children.values():
        yield from _nodes(child)


def _leaves(each: Inner, path: str) -> bool:
    return _within(each.path, path) and not all(_within(reader, path) for reader in each.readers)


def _within(inner: str, path: str) -> bool:
    return inner == path or inner.startswith(path + ".")
