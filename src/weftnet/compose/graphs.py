"""A graph's names put right before anything flows: what it reads, its arguments, cycles, and what nobody reads.

Each function gives the graph as it was meant, and notes a fault for every change.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from torch import nn

from weftnet.architecture.axes import Port
from weftnet.architecture.faults import Edit, Fault, edited
from weftnet.architecture.schema import schema
from weftnet.architecture.spec import Block, Graph, Wire
from weftnet.blocks import BLOCKS
from weftnet.errors import WeftnetError, closest

Path = tuple[str, ...]
Note = Callable[[Fault], None]
#: Names that a submodule can't have, since its path would lead elsewhere.
RESERVED = frozenset(dir(nn.Module())) | {"inputs", "gives", "run", "resolved"}
Sources = tuple[str, ...] | Mapping[str, str]


def inputs(graph: Graph, given: Iterable[str], spec: Path, note: Note) -> Graph:
    """Inputs that come in under the names the graph has for them; it need not read all that comes in."""
    given = list(given)
    kept: list[str] = []
    for number, name in enumerate(graph.inputs):
        free = [other for other in given if other not in graph.inputs and other not in kept]
        close = closest(name, free, 1)
        if name in given:
            kept.append(name)
        elif free and (close or len(given) == len(graph.inputs)):
            kept.append(close[0] if close else given[number] if given[number] in free else free[0])
    if tuple(kept) != graph.inputs:
        gone = [name for name in graph.inputs if name not in given]
        fix = Edit(spec, "inputs", kept) if kept else None
        what = f"the input {' and '.join(map(repr, gone))} does not come in"
        close = tuple(name for name in kept if name not in graph.inputs)
        note(Fault(spec, "graph", what, reads=", ".join(graph.inputs), given=", ".join(given), close=close, fix=fix))
    return replace(graph, inputs=tuple(kept))


def labels(graph: Graph, spec: Path, note: Note) -> Graph:
    """Names of nodes that no input and no method of a module has."""
    for name in graph.nodes:
        why = no_name(name) or (f"an input is called {name!r} too" if name in graph.inputs else "")
        if why:
            better = name.replace(".", "_").strip("_") + "_node"
            while better in graph.nodes or better in graph.inputs:
                better += "_"
            fix = Edit((*spec, name), "label", better)
            note(Fault((*spec, name), "graph", why, fix=fix))
            graph = edited(graph, spec, [fix])  # type: ignore[assignment]  # a graph stays one
    return graph


def no_name(name: str) -> str:
    """Why a node can't be called so, empty if it can."""
    if not name or "." in name or name.startswith("_"):
        return "a name is a word without dots that starts with a letter"
    return f"every module has something called {name!r}" if name in RESERVED else ""


def names(graph: Graph, spec: Path, note: Note) -> Graph:
    """Every `from` and every output names something there is."""
    known = [*graph.inputs, *graph.nodes]
    nodes = dict(graph.nodes)
    previous = graph.inputs[-1]
    for name, wire in graph.nodes.items():
        if unknown := [source for source in wire.names if source not in known]:
            others = [other for other in known if other != name]
            better = {bad: (*closest(bad, others, 1), previous)[0] for bad in unknown}
            nodes[name] = replace(wire, sources=_renamed(wire.sources, better))
            what = f"reads {' and '.join(map(repr, unknown))}, and nothing is called so"
            close, fix = closest(unknown[0], others), _sources((*spec, name), nodes[name])
            note(Fault((*spec, name), _name(wire), what, reads=" | ".join(others), close=close, fix=fix))
        previous = name
    last = list(nodes)[-1]
    outputs = {name: name if name in known else (*closest(name, nodes, 1), last)[0] for name in graph.outputs}
    kept = tuple(dict.fromkeys(outputs.values()))
    if kept != graph.outputs:
        wrong = [name for name in graph.outputs if name not in known]
        what = f"no node is called {' and '.join(map(repr, wrong))}" if wrong else "an output stands there twice"
        close = closest(wrong[0], nodes) if wrong else ()
        fix = Edit(spec, "outputs", list(kept))
        note(Fault(spec, "graph", f"outputs: {what}", reads=" | ".join(nodes), close=close, fix=fix))
    return replace(graph, nodes=nodes, outputs=kept)


def arguments(graph: Graph, spec: Path, note: Note) -> Graph:
    """Sources by name have the names of the block's arguments, and every argument it needs has a source."""
    nodes = dict(graph.nodes)
    for name, wire in graph.nodes.items():
        ports = _ports(wire)
        place, block = (*spec, name), _name(wire)
        takes = ", ".join(port.name for port in ports)
        if isinstance(wire.sources, Mapping) and ports:
            free = [port.name for port in ports if port.name not in wire.sources]
            wrong = [argument for argument in wire.sources if argument not in {port.name for port in ports}]
            better = {bad: (*closest(bad, free, 1), *free, "")[0] for bad in wrong}
            if wrong:
                kept = {better.get(key, key): source for key, source in wire.sources.items() if better.get(key, key)}
                nodes[name] = wire = replace(wire, sources=kept)
                close = tuple(meant for meant in better.values() if meant)
                what = f"has no argument {' and '.join(map(repr, wrong))}"
                note(Fault(place, block, what, reads=takes, close=close, fix=_sources(place, wire)))
        have = _bound(wire, ports)
        lacking = [port.name for port in ports if not port.optional and port.name not in have]
        spare = [source for source in _spare(graph, nodes, name) if source not in have.values()]
        if ports and lacking and len(lacking) <= len(spare) and wire.merge is None:
            nodes[name] = wire = replace(wire, sources={**have, **dict(zip(lacking, spare, strict=False))})
            what = f"reads {' and '.join(lacking)} too"
            note(Fault(place, block, what, reads=takes, given=", ".join(have.values()), fix=_sources(place, wire)))
    return replace(graph, nodes=nodes)


def ordered(graph: Graph, spec: Path, note: Note) -> Graph:
    """Nodes in an order in which each comes after what it reads; a cycle is cut, best where another source is left."""
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
        what = f"reads {source!r}, which waits for it: {round_trip}" if len(loop) > 1 else "reads itself"
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
    """The graph without what nobody reads, each a fault of its own."""
    wanted: set[str] = set()
    stack = list(graph.outputs)
    while stack:
        name = stack.pop()
        if name not in wanted:
            wanted.add(name)
            stack.extend(graph.nodes[name].names if name in graph.nodes else ())
    for name, wire in graph.nodes.items():
        if name not in wanted:
            what = "nobody reads it, and it is no output"
            note(Fault((*spec, name), _name(wire), what, fix=Edit((*spec, name), "remove")))
    if unread := [name for name in graph.inputs if name not in wanted]:
        kept = [name for name in graph.inputs if name in wanted]
        fix = Edit(spec, "inputs", kept) if kept else None
        note(Fault(spec, "graph", f"nobody reads the input {' and '.join(map(repr, unread))}", fix=fix))
    return replace(graph, nodes={name: wire for name, wire in graph.nodes.items() if name in wanted})


def _ports(wire: Wire) -> tuple[Port, ...]:
    """The arguments of a wire's block; none where it has no block, or one that is at fault itself."""
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
    """What a node might read besides, those first that nobody reads; nothing that waits for the node."""
    taken = {source for wire in nodes.values() for source in wire.names} | set(graph.outputs)
    later = {name}
    while more := {other for other, wire in nodes.items() if other not in later and later & set(wire.names)}:
        later |= more
    free = [other for other in (*nodes, *graph.inputs) if other not in later]
    return sorted(free, key=lambda other: other in taken)


def _loop(nodes: Mapping[str, Wire]) -> list[str]:
    """The nodes of one cycle, each before the one that reads it; none if there is no cycle."""
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
    """What stands at a wire, for messages."""
    if wire.node is None:
        return wire.merge or "node"
    return wire.node.name if isinstance(wire.node, Block) else type(wire.node).__name__.lower()
