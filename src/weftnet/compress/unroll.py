"""Repeats written out, since the copies of one description are pruned or factorised each in its own way.

The paths stay the same: `{repeat: {times: 2, body: …}}` at `3` becomes the nodes `3.0` and `3.1` of a network, and so
does a chain of two nodes.
"""

from dataclasses import replace

from weftnet.architecture.spec import Architecture, Chain, Node, Repeat, rebuilt


def unroll(architecture: Architecture) -> Architecture:
    """The same architecture without repeats."""
    return replace(architecture, parts={part: _unrolled(node) for part, node in architecture.parts.items()})


def _unrolled(node: Node) -> Node:
    if isinstance(node, Repeat):
        copy = replace(_unrolled(node.body), label=None)  # the copies can't share a label
        return Chain((copy,) * node.times, node.label)
    return rebuilt(node, _unrolled)
