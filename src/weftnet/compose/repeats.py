"""Runs of equal nodes in a chain, so that a drawing shows them once: twelve layers of a Transformer are `× 12`."""

from collections.abc import Hashable, Sequence
from typing import NamedTuple

from weftnet.compose.flow import Resolved

#: nodes of a chain that may repeat together
_PERIOD = 12
#: blocks that a run holds at least: two activations are no repeat
_LEAST = 4


class Stretch(NamedTuple):
    """Nodes of a chain: `period` of them from `start` on, `times` times over."""

    start: int
    period: int
    times: int


def stretches(nodes: Sequence[Resolved]) -> list[Stretch]:
    """A chain in order, as runs; what does not repeat is a run of one node, once.

    Nodes are equal if drawings of them would differ in paths alone: the same blocks, settings and signals, all the
    way down.
    """
    forms = [_form(node) for node in nodes]
    sizes = [max(len(node.leaves()), 1) for node in nodes]
    found: list[Stretch] = []
    place = 0
    while place < len(nodes):
        best = Stretch(place, 1, 1)
        for period in range(1, min(_PERIOD, (len(nodes) - place) // 2) + 1):
            one = forms[place : place + period]
            count = 1
            while forms[place + period * count : place + period * (count + 1)] == one:
                count += 1
            blocks = sum(sizes[place : place + period * count])
            if count > 1 and blocks >= _LEAST and period * count > best.period * best.times:
                best = Stretch(place, period, count)
        found.append(best)
        place += best.period * best.times
    return found


def _form(node: Resolved) -> Hashable:
    """What a drawing shows of a node, but for its path."""
    return (
        node.kind,
        node.name if node.kind in ("block", "shared") else "",
        node.cls,
        repr(sorted(node.settings.items())),
        tuple((name, str(signal)) for name, signal in node.reads.items()),
        tuple((name, str(signal)) for name, signal in node.gives.items()),
        tuple((name, _form(child)) for name, child in node.children.items()),
        repr(node.wires),
        node.merge,
        node.outputs,
    )
