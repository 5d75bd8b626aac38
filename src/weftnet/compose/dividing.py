"""A network in two: what depends on one of its inputs, and all before it, which is computed once.

    early(tokens) → memory, keys, …              nodes that `late` does not reach
    late(target, memory, keys, …) → outputs      the others; what they read of the early ones is whole at every step

Both are networks of the same modules: nothing is copied, and a change of weights is a change in each. So a decoder's
steps read what was made of the source, the keys and values of its attention among them, and never make it again.
"""

from collections.abc import Mapping
from dataclasses import replace

from torch import nn

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Wire
from weftnet.compose.flow import Resolved
from weftnet.compose.network import Network
from weftnet.compose.sharing import SharedNode
from weftnet.errors import SettingError


def divided(network: Network, late: str) -> tuple[Network, Network]:
    """What is before the input `late`, and what depends on it.

    Raises:
        SettingError: the network has no such input, no other one, or an output that doesn't depend on it.
    """
    resolved = network.resolved
    if resolved.kind != "graph" or late not in resolved.reads or len(resolved.reads) < 2:
        raise SettingError("the network can't be divided", expected=f"a graph of {late} and another input",
                           got=", ".join(resolved.reads))  # fmt: skip
    signals, reached = dict(resolved.reads), {late}
    for name, wire in resolved.wires.items():
        child = resolved.children.get(name)
        signals[name] = signals[wire.names[0]] if child is None else child.output
        if child is not None:
            signals |= {f"{name}.{output}": signal for output, signal in child.others.items()}
        if reached & set(wire.names):
            reached.add(name)
    if missing := [name for name in resolved.outputs if name not in reached]:
        raise SettingError(f"an output doesn't depend on {late}", where=f"node {missing[0]}")
    wires = {name: wire for name, wire in resolved.wires.items() if name in reached}
    read = [_source(name, wire) for wire in wires.values() for name in wire.names if name not in reached]
    between = tuple(dict.fromkeys(read))
    before = [name for name in resolved.wires if name not in reached]
    first = _part(network, [name for name in resolved.reads if name != late], before, between, signals)
    second = _part(network, [late, *between], list(wires), resolved.outputs, signals)
    second.whole = frozenset(between)
    return first, second


def _source(name: str, wire: Wire) -> str:
    """A source of a node: another node, or one of its outputs."""
    return name if wire.output is None else f"{name}.{wire.output}"


def _part(
    network: Network, reads: list[str], nodes: list[str], outputs: tuple[str, ...], signals: Mapping[str, Signal]
) -> Network:
    """The network of some nodes, made of the modules that there are."""
    whole = network.resolved
    children = {name: whole.children[name] for name in nodes if name in whole.children}
    resolved: Resolved = replace(
        whole,
        reads={name: signals[name] for name in reads},
        by={name: whole.by.get(name, name) for name in reads},
        gives={name: signals[name] for name in outputs},
        children=children, wires={name: whole.wires[name] for name in nodes}, outputs=outputs,
    )  # fmt: skip
    return made_of(network, resolved, {name: network.get_submodule(name) for name in children})


def made_of(network: Network, resolved: Resolved, modules: Mapping[str, nn.Module]) -> Network:
    """A network of these modules, most of which are another's; with what its shared nodes name.

    Args:
        network: that the modules are of; it gives the mode.
        resolved: the nodes.
        modules: by node.
    """
    part = Network(resolved, modules)
    own = {id(module) for module in part.modules()}
    shared = [module.target for module in part.modules() if isinstance(module, SharedNode)]
    part.add_module("_tied", nn.ModuleList(target for target in dict.fromkeys(shared) if id(target) not in own))
    return part.train(network.training)
