"""A graph: order its nodes, find what is not wired, resolve each where it stands."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from netloom.build.axes import schema
from netloom.build.flow import Flow, Resolved
from netloom.errors import NetloomError, closest
from netloom.faults import Edit
from netloom.spec import Block, Graph, Wire

if TYPE_CHECKING:
    from netloom.build.resolve import Path, Resolver, Result


class GraphResolver:
    """Resolves graphs for a resolver, which notes the faults."""

    def __init__(self, resolver: "Resolver") -> None:
        self.resolver = resolver

    def resolve(self, graph: Graph, flows: Mapping[str, Flow], path: "Path", spec: "Path") -> "Result":
        """The graph with its inputs bound by name; a single input is bound whatever its name."""
        given = self._inputs(graph, flows, spec)
        graph = self._names(graph, spec)
        graph, order = self._ordered(graph, spec)
        graph = self._read(graph, spec)
        here: dict[str, Flow | None] = dict(given)
        children: dict[str, Resolved] = {}
        merges: dict[str, str] = {}
        for name in order:
            if name not in graph.nodes:
                continue
            here[name], resolved, merge = self._wire(graph, name, here, path, spec)
            if resolved is not None:
                children[name] = resolved
            if merge is not None:
                merges[name] = merge
        outputs = {name: here.get(name) for name in graph.outputs}
        if not outputs or any(flow is None for flow in [*outputs.values(), *given.values()]):
            return None
        wires = {name: replace(wire, merge=merges.get(name, wire.merge)) for name, wire in graph.nodes.items()}
        wires = {name: wires[name] for name in order if name in wires}
        gives = {name: flow.signal for name, flow in outputs.items() if flow is not None}
        reads = {name: flow.signal for name, flow in given.items() if flow is not None}
        by = {name: flow.by for name, flow in given.items() if flow is not None}
        last = next(flow for flow in outputs.values() if flow is not None)
        resolved = Resolved(
            "graph", ".".join(path), "graph", reads, by, gives, children=children, wires=wires, outputs=graph.outputs
        )
        return resolved, last

    def _inputs(self, graph: Graph, flows: Mapping[str, Flow], spec: "Path") -> dict[str, Flow | None]:
        """The graph's inputs; one that nobody gives is a fault."""
        if len(graph.inputs) == 1 and len(flows) == 1:
            return {graph.inputs[0]: next(iter(flows.values()))}
        given: dict[str, Flow | None] = {}
        for name in graph.inputs:
            given[name] = flows.get(name)
            if flows and name not in flows:
                close = closest(name, flows)
                kept = [close[0] if other == name and close else other for other in graph.inputs]
                kept = kept if close else [other for other in graph.inputs if other != name]
                what = f"the input {name!r} does not come in"
                fix = Edit(spec, "inputs", kept) if not close else None
                have = ", ".join(flows)
                self.resolver.fault(spec, "graph", what, reads=name, given=have, close=close, fix=fix)
        if unread := [name for name in flows if name not in graph.inputs]:
            what = f"{', '.join(unread)} comes in, and the graph does not name it"
            self.resolver.fault(spec, "graph", what, reads=", ".join(graph.inputs), given=", ".join(flows))
        return given

    def _names(self, graph: Graph, spec: "Path") -> Graph:
        """The graph with every `from` and output naming something there is."""
        known = [*graph.inputs, *graph.nodes]
        nodes = dict(graph.nodes)
        for name in graph.inputs:
            if name in nodes:
                self.resolver.fault((*spec, name), "graph", f"an input is called {name!r} too", fix=None)
        previous = graph.inputs[-1:]
        for name, wire in graph.nodes.items():
            if unknown := [source for source in wire.names if source not in known]:
                close = closest(unknown[0], [other for other in known if other != name])
                better = {bad: (closest(bad, [o for o in known if o != name], 1) or previous)[:1] for bad in unknown}
                sources = _renamed(wire, {bad: to[0] for bad, to in better.items() if to})
                self.resolver.fault(
                    (*spec, name), "graph", f"reads from {', '.join(map(repr, unknown))}, which nothing is called",
                    reads=" | ".join(other for other in known if other != name), close=close,
                    fix=Edit((*spec, name), "sources", sources),
                )  # fmt: skip
                nodes[name] = replace(wire, sources=dict(sources) if isinstance(sources, dict) else tuple(sources))
            previous = (name,)
        outputs = list(graph.outputs)
        for i, name in enumerate(graph.outputs):
            if name not in nodes and name not in graph.inputs:
                close = closest(name, nodes)
                outputs[i] = close[0] if close else list(nodes)[-1]
        outputs = list(dict.fromkeys(outputs))
        if tuple(outputs) != graph.outputs:
            unknown = [name for name in graph.outputs if name not in outputs]
            self.resolver.fault(
                spec, "graph", f"the output {', '.join(map(repr, unknown)) or 'list'} names no node of its own",
                reads=" | ".join(nodes), fix=Edit(spec, "outputs", outputs),
            )  # fmt: skip
        return replace(graph, nodes=nodes, outputs=tuple(outputs))

    def _ordered(self, graph: Graph, spec: "Path") -> tuple[Graph, list[str]]:
        """Names in an order in which every node comes after what it reads; a cycle is cut where it closes."""
        order: list[str] = []
        nodes = dict(graph.nodes)

        def visit(name: str, trail: tuple[str, ...]) -> None:
            if name in order or name not in nodes:
                return
            for source in nodes[name].names:
                if source in (*trail, name):
                    loop = " → ".join([*[*trail, name][[*trail, name].index(source) :], source])
                    rest = [other for other in nodes[name].names if other != source] or list(graph.inputs[:1])
                    kept = rest if not isinstance(nodes[name].sources, Mapping) else _without(nodes[name], source, rest)
                    fix = Edit((*spec, name), "sources", kept)
                    what = f"reads {source!r}, which waits for it: {loop}"
                    self.resolver.fault((*spec, name), "graph", what, fix=fix)
                    nodes[name] = replace(nodes[name], sources=kept if isinstance(kept, dict) else tuple(kept))
                    return visit(name, trail)
                visit(source, (*trail, name))
            order.append(name)

        for name in graph.nodes:
            visit(name, ())
        return replace(graph, nodes=nodes), order

    def _read(self, graph: Graph, spec: "Path") -> Graph:
        """The graph without what nobody reads, each a fault of its own."""
        wanted: set[str] = set()
        stack = list(graph.outputs)
        while stack:
            name = stack.pop()
            if name not in wanted:
                wanted.add(name)
                stack.extend(graph.nodes[name].names if name in graph.nodes else ())
        for name in graph.nodes:
            if name not in wanted:
                what = "nobody reads it, and it is no output"
                self.resolver.fault((*spec, name), "graph", what, fix=Edit((*spec, name), "remove"))
        unread = [name for name in graph.inputs if name not in wanted]
        if unread:
            kept = [name for name in graph.inputs if name in wanted]
            what = f"nobody reads the input {', '.join(unread)}"
            fix = Edit(spec, "inputs", kept) if kept else None
            self.resolver.fault(spec, "graph", what, fix=fix)
        return replace(graph, nodes={name: wire for name, wire in graph.nodes.items() if name in wanted})

    def _wire(
        self, graph: Graph, name: str, here: Mapping[str, Flow | None], path: "Path", spec: "Path"
    ) -> tuple[Flow | None, Resolved | None, str | None]:
        """One node: what it gives, itself, and its merge."""
        wire = graph.nodes[name]
        at, place = (*path, name), (*spec, name)
        flows = {source: here.get(source) for source in wire.names}
        if isinstance(wire.sources, Mapping):
            if not isinstance(wire.node, Block):
                self.resolver.fault(place, "graph", "only a block reads several sources by name", reads="one block")
                return None, None, None
            named = {argument: here.get(source) for argument, source in wire.sources.items()}
            return *_pair(self.resolver.block(wire.node, named, at, place)), None
        merge = wire.merge
        if len(flows) == 1 and merge is None:
            (flow,) = flows.values()
            if wire.node is None:
                return (flow.named(".".join(at)) if flow else None), None, None
            return *_pair(self.resolver.node(wire.node, flow, at, place)), None
        if merge is None and isinstance(wire.node, Block) and (ports := self._ports(wire.node)) >= len(flows) > 1:
            names = self._names_of(wire.node)[: min(ports, len(flows))]
            named = dict(zip(names, flows.values(), strict=True))
            return *_pair(self.resolver.block(wire.node, named, at, place)), None
        if merge is None:
            merge = "concat"
            what = f"reads {len(flows)} sources and does not say how they become one"
            fix = Edit(place, "merge", merge)
            self.resolver.fault(place, "graph", what, reads="merge: concat | add | multiply | gate", fix=fix)
        real = [flow for flow in flows.values() if flow is not None]
        if len(real) < len(flows):
            return None, None, None
        targets = [(*spec, source) for source in flows]
        merged = self.resolver.merge(merge, real, at, place, "graph", targets)
        if merged is None:
            return None, None, merge
        merge, _, flow = merged
        if wire.node is None:
            return flow, None, merge
        return *_pair(self.resolver.node(wire.node, flow, at, place)), merge

    @staticmethod
    def _names_of(node: Block) -> list[str]:
        from netloom.blocks import BLOCKS

        return [port.name for port in schema(BLOCKS.get(node.name)).reads]

    def _ports(self, node: Block) -> int:
        try:
            return len(self._names_of(node))
        except NetloomError:
            return 0


def _pair(result: "Result") -> tuple[Flow | None, Resolved | None]:
    return (result[1], result[0]) if result else (None, None)


def _renamed(wire: Wire, names: Mapping[str, str]) -> list[str] | dict[str, str]:
    if isinstance(wire.sources, Mapping):
        return {argument: names.get(source, source) for argument, source in wire.sources.items()}
    return list(dict.fromkeys(names.get(source, source) for source in wire.sources))


def _without(wire: Wire, source: str, rest: list[str]) -> dict[str, str]:
    assert isinstance(wire.sources, Mapping)  # the caller looked; for the type checker
    return {argument: (rest[0] if name == source else name) for argument, name in wire.sources.items()}
