"""Repeats written out, since the copies of one description are pruned or factorised each in its own way.

The paths stay the same: `{repeat: {times: 2, body: …}}` at `3` becomes the nodes `3.0` and `3.1` of a network, and so
does a chain of two nodes.
"""

from dataclasses import replace

from weftnet.architecture.spec import Architecture, Block, Chain, Graph, Node, Parallel, Repeat, Residual, Shared


def unroll(architecture: Architecture) -> Architecture:
    """The same architecture without repeats."""
    return replace(architecture, parts={part: _unrolled(node) for part, node in architecture.parts.items()})


def _unrolled(node: Node) -> Node:
    match node:
        case Block() | Shared():
            return node
        case Chain(nodes):
            return replace(node, nodes=tuple(map(_unrolled, nodes)))
        case Residual(body, shortcut):
            return replace(node, body=_unrolled(body), shortcut=None if shortcut is None else _unrolled(shortcut))
        case Parallel(branches):
            return replace(node, branches=tuple(map(_unrolled, branches)))
        case Repeat(times, body, label):
            copy = replace(_unrolled(body), label=None)  # the copies can't share a label
            return Chain((copy,) * times, label)
        case Graph(_, nodes):
            wires = {
                name: replace(wire, node=None if wire.node is None else _unrolled(wire.node))
                for name, wire in nodes.items()
            }
            return replace(node, nodes=wires)
