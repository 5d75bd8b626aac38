"""An architecture without the head that a task appended: what another task may start from."""

from collections.abc import Mapping
from dataclasses import replace

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Architecture, Chain, Graph, Node, Wire
from weftnet.errors import WeftnetError
from weftnet.tasks._assemble import assemble
from weftnet.tasks._task import Task


def headless(architecture: Architecture, task: Task, signals: Mapping[str, Signal]) -> Architecture:
    """The architecture from which `assemble` makes this one; itself, if there is none.

    Args:
        architecture: complete.
        task: that it was assembled for.
        signals: the inputs it was assembled for.
    """
    for part in architecture.parts:
        for less in _without_ends(architecture.parts[part]):
            shorter = replace(architecture, parts={**architecture.parts, part: less})
            try:
                whole = assemble(shorter, task, signals).architecture
            except WeftnetError:
                continue
            if whole.parts[part] == architecture.parts[part]:
                architecture = shorter
                break
    return architecture


def _without_ends(node: Node) -> list[Node]:
    """The node without its last nodes: first one of them, then two, and so on."""
    if isinstance(node, Chain) and node.label is None:
        shorter: list[Node] = [Chain(node.nodes[:-count]) for count in range(1, len(node.nodes))]
        return shorter + ([node.nodes[0]] if len(node.nodes) > 1 else [])
    if isinstance(node, Graph) and len(node.outputs) == 1:
        wire = node.nodes.get(node.outputs[0])
        if isinstance(wire, Wire) and isinstance(wire.node, Chain) and isinstance(wire.sources, tuple):
            nodes = {name: each for name, each in node.nodes.items() if name != node.outputs[0]}
            return [replace(node, nodes=nodes, outputs=wire.sources)]
    return []
