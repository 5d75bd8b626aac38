"""A graph: its names put right, then each node resolved where it stands."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from weftnet.architecture.faults import Edit, Fault
from weftnet.architecture.schema import schema
from weftnet.architecture.spec import MERGES, Block, Graph, Node
from weftnet.blocks import BLOCKS
from weftnet.compose import graphs
from weftnet.compose.flow import Flow, Path, Resolved, Result
from weftnet.compose.walk import Walk
from weftnet.errors import WeftnetError


class GraphResolver:
    """Resolves graphs for a walk, which records the faults."""

    def __init__(self, walk: Walk) -> None:
        self.walk = walk

    def resolve(self, graph: Graph, flows: Mapping[str, Flow], path: Path, spec: Path) -> Result:
        """The graph with its inputs bound by name; a single input is bound whatever its name."""
        alone = len(graph.inputs) == 1 and len(flows) == 1
        if not alone:
            graph = graphs.inputs(graph, flows, spec, self._note)
        if not graph.inputs or not graph.nodes:
            what = "reads no input" if graph.nodes else "has no nodes"
            self.walk.fault(spec, "graph", what)
        if not graph.inputs or not graph.nodes or not flows:
            return None
        for check in (graphs.labels, graphs.names, graphs.arguments, graphs.ordered, graphs.read):
            graph = check(graph, spec, self._note)
        if not set(graph.inputs) & {source for wire in graph.nodes.values() for source in wire.names}:
            return None
        given = {name: next(iter(flows.values())) if alone else flows[name] for name in graph.inputs}
        here: dict[str, Flow | None] = dict(given)
        children: dict[str, Resolved] = {}
        merges: dict[str, str] = {}
        for name in graph.nodes:
            here[name], resolved, merge = self._wire(graph, name, here, path, spec)
            if resolved is not None:
                children[name] = resolved
            if merge is not None:
                merges[name] = merge
        outputs = {name: here[name] for name in graph.outputs}
        gives = {name: flow.signal for name, flow in outputs.items() if flow is not None}
        if len(gives) < len(outputs):
            return None
        resolved = Resolved(
            "graph", ".".join(path), "graph",
            reads={name: flow.signal for name, flow in given.items()},
            by={name: flow.by for name, flow in given.items()},
            gives=gives, children=children, outputs=graph.outputs,
            wires={name: replace(wire, merge=merges.get(name)) for name, wire in graph.nodes.items()},
        )  # fmt: skip
        return resolved, next(flow for flow in outputs.values() if flow is not None)

    def _note(self, fault: Fault) -> None:
        self.walk.note(fault, minor=False)

    def _wire(
        self, graph: Graph, name: str, here: Mapping[str, Flow | None], path: Path, spec: Path
    ) -> tuple[Flow | None, Resolved | None, str | None]:
        """One node: what it gives, itself, and its merge."""
        wire = graph.nodes[name]
        at, place = (*path, name), (*spec, name)
        flows = {source: here.get(source) for source in wire.names}
        if isinstance(wire.sources, Mapping):
            if not isinstance(wire.node, Block):
                what = "only a block reads several sources by name: give the block a node of its own"
                self.walk.fault(place, "graph", what, reads="one block")
                return None, None, None
            named = {argument: here.get(source) for argument, source in wire.sources.items()}
            return *_pair(self.walk.block(wire.node, named, at, place)), None
        merge = wire.merge
        if len(wire.sources) == 1 and merge is None:
            (flow,) = flows.values()
            if wire.node is None:
                return (flow.named(".".join(at)) if flow else None), None, None
            return *_pair(self.walk.node(wire.node, flow, at, place)), None
        if merge is None and isinstance(wire.node, Block) and len(ports := _ports(wire.node)) >= len(flows) > 1:
            named = dict(zip(ports, flows.values(), strict=False))
            return *_pair(self.walk.block(wire.node, named, at, place)), None
        if merge is None:
            merge = "concat"
            what = f"reads {len(flows)} sources and does not say how they become one"
            given, fix = "; ".join(str(flow.signal) for flow in flows.values() if flow), Edit(place, "merge", merge)
            self.walk.fault(place, "graph", what, reads=f"merge: {' | '.join(MERGES)}", given=given, fix=fix)
        real = [here[source] for source in wire.names]
        known = [flow for flow in real if flow is not None]
        if len(known) < len(real):
            return None, None, None

        def after(number: int, nodes: Sequence[Node]) -> Edit:
            return _after(graph, name, wire.names[number], nodes, spec)

        merged = self.walk.merge(merge, known, at, place, "graph", after)
        if merged is None:
            return None, None, merge
        merge, _, flow = merged
        if wire.node is None:
            return flow, None, merge
        return *_pair(self.walk.node(wire.node, flow, at, place)), merge


def _after(graph: Graph, name: str, source: str, nodes: Sequence[Node], spec: Path) -> Edit:
    """The edit that puts nodes on the way from a source: after it, if nobody else reads it, or between the two."""
    readers = [other for other, wire in graph.nodes.items() if source in wire.names]
    wire = graph.nodes.get(source)
    one = wire is not None and not isinstance(wire.sources, Mapping) and (len(wire.sources) == 1 or wire.merge)
    if one and readers == [name] and source not in graph.outputs:
        return Edit((*spec, source), "after", list(nodes))
    return Edit((*spec, name), "between", {source: list(nodes)})


def _ports(node: Block) -> list[str]:
    """The arguments of a block's forward; none if the block is at fault itself."""
    try:
        return [port.name for port in schema(BLOCKS.get(node.name)).reads]
    except WeftnetError:
        return []


def _pair(result: Result) -> tuple[Flow | None, Resolved | None]:
    return (result[1], result[0]) if result else (None, None)
