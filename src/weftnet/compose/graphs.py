"""Checks of a graph's names before it is resolved: inputs, labels, sources, arguments, cycles, and unread nodes.

Each function returns the corrected graph, and records a fault for every correction.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from torch import nn

from weftnet.architecture.axes import Port
from weftnet.architecture.faults import Edit, Fault, edited
from weftnet.architecture.schema import schema
from weftnet.architecture.spec import Block, Graph, Wire
from weftnet.blocks import BLOCKS
from weftnet.compose.flow import Path
from weftnet.errors import WeftnetError, closest

Note = Callable[[Fault], None]
#: Names that a submodule can't have, because an attribute of the module already has them.
RESERVED = frozenset(dir(nn.Module())) | {"inputs", "gives", "run", "resolved", "step", "initial_state"}
Sources = tuple[str, ...] | Mapping[str, str]


def inputs(graph: Graph, names: Iterable[str], spec: Path, note: Note) -> Graph:
    """Every input of the graph is provided under its name; the graph need not read all that is provided."""
    provided = list(names)
    kept: list[str] = []
    for number, name in enumerate(graph.inputs):
        free = [other for other in provided if other not in graph.inputs and other not in kept]
        close = closest(name, free, 1)
        if name in provided:
            kept.append(name)
        elif free and (close or len(provided) == len(graph.inputs)):
            kept.append(close[0] if close else provided[number] if provided[number] in free else free[0])
    if tuple(kept) != graph.inputs:
        missing = [name for name in graph.inputs if name not in provided]
        fix = Edit(spec, "inputs", kept) if kept else None
        what = f"the input {' and '.join(map(repr, missing))} is not provided"
        close = tuple(name for name in kept if name not in graph.inputs)
        reads, received = ", ".join(graph.inputs), ", ".join(provided)
        note(Fault(spec, "graph", what, reads=reads, received=received, close=close, fix=fix))
    return replace(graph, inputs=tuple(kept))


def labels(graph: Graph, spec: Path, note: Note) -> Graph:
    """No node has the name of an input or of an attribute of a module."""
    for name in graph.nodes:
        why = why_no_name(name) or (f"an input is also called {name!r}" if name in graph.inputs else "")
        if why:
            better = name.replace(".", "_").strip("_") + "_node"
            while better in graph.nodes or better in graph.inputs:
                better += "_"
            fix = Edit((*spec, name), "label", better)
            note(Fault((*spec, name), "graph", why, fix=fix))
            graph = edited(graph, spec, [fix])  # type: ignore[assignment]  # it is still a graph
    return graph


def why_no_name(name: str) -> str:
    """Why a node can't have this name, empty if it can."""
    if not name or "." in name or name.startswith("_"):
        return "a name must be a word without dots that starts with a letter"
    return f"{name!r} is an attribute of every module" if name in RESERVED else ""


def names(graph: Graph, spec: Path, note: Note) -> Graph:
    """Every `from` and every output names an existing node or input."""
    known = [*graph.inputs, *graph.nodes]
    nodes = dict(graph.nodes)
    previous = graph.inputs[-1]
    for name, wire in graph.nodes.items():
        if unknown := [source for source in wire.names if source not in known]:
            others = [other for other in known if other != name]
            better = {bad: (*closest(bad, others, 1), previous)[0] for bad in unknown}
            nodes[name] = replace(wire, sources=_renamed(wire.sources, better))
            what = f"reads {' and '.join(map(repr, unknown))}, which does not exist"
            close, fix = closest(unknown[0], others), _sources((*spec, name), nodes[name])
            note(Fault((*spec, name), _name(wire), what, reads=" | ".join(others), close=close, fix=fix))
        previous = name
    last = list(nodes)[-1]
    outputs = {name: name if name in known else (*closest(name, nodes, 1), last)[0] for name in graph.outputs}
    kept = tuple(dict.fromkeys(outputs.values()))
    if kept != graph.outputs:
        wrong = [name for name in graph.outputs if name not in known]
        what = f"no node is called {' and '.join(map(repr, wrong))}" if wrong else "an output is listed twice"
        close = closest(wrong[0], nodes) if wrong else ()
        fix = Edit(spec, "outputs", list(kept))
        note(Fault(spec, "graph", f"outputs: {what}", reads=" | ".join(nodes), close=close, fix=fix))
    return replace(graph, nodes=nodes, outputs=kept)


def arguments(graph: Graph, spec: Path, note: Note) -> Graph:
    """Sources by name have the names of the block's arguments, and every required argument has a source."""
    nodes = dict(graph.nodes)
    for name in graph.nodes:
        if ports := _ports(nodes[name]):
            nodes[name] = _known_arguments(nodes[name], ports, (*spec, name), note)
            spare = _spare(graph, nodes, name)
            nodes[name] = _all_arguments(nodes[name], ports, spare, (*spec, name), note)
    return replace(graph, nodes=nodes)


def _known_arguments(wire: Wire, ports: tuple[Port, ...], place: Path, note: Note) -> Wire:
    """Sources by name, each for an argument that the block has."""
    if not isinstance(wire.sources, Mapping):
        return wire
    known = [port.name for port in ports]
    free = [argument for argument in known if argument not in wire.sources]
    unknown = [argument for argument in wire.sources if argument not in known]
    if not unknown:
        return wire
    better = {argument: (*closest(argument, free, 1), *free, "")[0] for argument in unknown}
    kept = {better.get(key, key): source for key, source in wire.sources.items() if better.get(key, key)}
    corrected = replace(wire, sources=kept)
    what = f"has no argument {' and '.join(map(repr, unknown))}"
    close = tuple(argument for argument in better.values() if argument)
    note(Fault(place, _name(wire), what, reads=", ".join(known), close=close, fix=_sources(place, corrected)))
    return corrected


def _all_arguments(wire: Wire, ports: tuple[Port, ...], spare: list[str], place: Path, note: Note) -> Wire:
    """A source for every required argument, as long as there are spare ones."""
    bound = _bound(wire, ports)
    missing = [port.name for port in ports if not port.optional and port.name not in bound]
    spare = [source for source in spare if source not in bound.values()]
    if not missing or len(missing) > len(spare) or wire.merge is not None:
        return wire
    corrected = replace(wire, sources={**bound, **dict(zip(missing, spare, strict=False))})
    what, reads = f"also reads {' and '.join(missing)}", ", ".join(port.name for port in ports)
    received, fix = ", ".join(bound.values()), _sources(place, corrected)
    note(Fault(place, _name(wire), what, reads=reads, received=received, fix=fix))
    return corrected


def ordered(graph: Graph, spec: Path, note: Note) -> Graph:
    """Nodes in an order in which each follows its sources; a cycle is cut, preferably where another source is left."""
    nodes = dict(graph.nodes)
    while loop := _loop(nodes):
        best = next((name for name in loop if set(nodes[name].names) - set(loop)), loop[0])
        source = loop[loop.index(best) - 1]
        rest = [other for other in nodes[best].names if other != source] or list(graph.inputs[:1])
        wire = nodes[best]
        kept: Sources = tuple(rest)
        if isinstance(wire.sources, Mapping):
            kept = {key: rest[0] if name == source else name for key, name in wire.sources.items()}
        round_trip = " → ".join([best, *_after(loop, best), best])
        what = f"reads {source!r}, which depends on it: {round_trip}" if len(loop) > 1 else "reads itself"
        nodes[best] = replace(wire, sources=kept)
        note(Fault((*spec, best), _name(wire), what, fix=_sources((*spec, best), nodes[best])))
    order: dict[str, Wire] = {}
    while len(order) < len(nodes):
        order |= {
            name: wire
            for name, wire in nodes.items()
            if name not in order and all(source in order or source not in nodes for source in wire.names)
        }
    return replace(graph, nodes=order)


def read(graph: Graph, spec: Path, note: Note) -> Graph:
    """The graph without inputs and nodes that no node reads, each a fault of its own."""
    wanted: set[str] = set()
    stack = list(graph.outputs)
    while stack:
        name = stack.pop()
        if name not in wanted:
            wanted.add(name)
            stack.extend(graph.nodes[name].names if name in graph.nodes else ())
    if not any(name in wanted for name in graph.nodes):  # without its nodes it would be no graph
        used = {source for wire in graph.nodes.values() for source in wire.names}
        ends = [name for name in graph.nodes if name not in used]
        note(Fault(spec, "graph", "its outputs are its inputs: no node is used", fix=Edit(spec, "outputs", ends)))
        return replace(graph, nodes={})
    for name, wire in graph.nodes.items():
        if name not in wanted:
            what = "no node reads it, and it is not an output"
            note(Fault((*spec, name), _name(wire), what, fix=Edit((*spec, name), "remove")))
    if unread := [name for name in graph.inputs if name not in wanted]:
        kept = [name for name in graph.inputs if name in wanted]
        fix = Edit(spec, "inputs", kept) if kept else None
        note(Fault(spec, "graph", f"no node reads the input {' and '.join(map(repr, unread))}", fix=fix))
    return replace(graph, nodes={name: wire for name, wire in graph.nodes.items() if name in wanted})


def _ports(wire: Wire) -> tuple[Port, ...]:
    """The arguments of a wire's block; none where there is no block, or one that is itself at fault."""
    if not isinstance(wire.node, Block) or wire.node.name not in BLOCKS:
        return ()
    try:
        return schema(BLOCKS.get(wire.node.name)).reads
    except WeftnetError:
        return ()


def _bound(wire: Wire, ports: tuple[Port, ...]) -> dict[str, str]:
    """Argument → source."""
    if isinstance(wire.sources, Mapping):
        return dict(wire.sources)
    return {port.name: source for port, source in zip(ports, wire.sources, strict=False)}


def _spare(graph: Graph, nodes: Mapping[str, Wire], name: str) -> list[str]:
    """What else a node could read, unread ones first; nothing that depends on the node."""
    read_by_others = {source for wire in nodes.values() for source in wire.names} | set(graph.outputs)
    dependent = {name}
    while more := {other for other, wire in nodes.items() if other not in dependent and dependent & set(wire.names)}:
        dependent |= more
    free = [other for other in (*nodes, *graph.inputs) if other not in dependent]
    return sorted(free, key=lambda other: other in read_by_others)


def _loop(nodes: Mapping[str, Wire]) -> list[str]:
    """The nodes of a cycle, each before the one that reads it; empty if there is no cycle."""
    done: set[str] = set()
    for start in nodes:
        trail: list[tuple[str, list[str]]] = [(start, list(nodes[start].names))] if start not in done else []
        while trail:
            name, sources = trail[-1]
            on_trail = [other for other, _ in trail]
            if not sources:
                done.add(name)
                trail.pop()
            elif (source := sources.pop()) in on_trail:
                return on_trail[on_trail.index(source) :][::-1]
            elif source in nodes and source not in done:
                trail.append((source, list(nodes[source].names)))
    return []


def _after(loop: list[str], name: str) -> list[str]:
    at = loop.index(name)
    return [*loop[at + 1 :], *loop[:at]]


def _renamed(sources: Sources, better: Mapping[str, str]) -> Sources:
    if isinstance(sources, Mapping):
        return {argument: better.get(source, source) for argument, source in sources.items()}
    return tuple(dict.fromkeys(better.get(source, source) for source in sources))


def _sources(path: Path, wire: Wire) -> Edit:
    return Edit(path, "sources", dict(wire.sources) if isinstance(wire.sources, Mapping) else list(wire.sources))


def _name(wire: Wire) -> str:
    """The name of a wire's node, for messages."""
    if wire.node is None:
        return wire.merge or "node"
    return wire.node.name if isinstance(wire.node, Block) else type(wire.node).__name__.lower()
