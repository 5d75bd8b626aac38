"""A graph: its names are checked and corrected, then its nodes are resolved in order."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from weftnet.architecture.faults import Edit, Fault
from weftnet.architecture.schema import schema
from weftnet.architecture.spec import MERGES, Block, Graph, Node, Wire
from weftnet.blocks import BLOCKS
from weftnet.compose import graphs
from weftnet.compose.flow import Flow, Path, Resolved, Result
from weftnet.compose.walk import Walk
from weftnet.errors import WeftnetError, closest

#: A node of the graph: its output, itself, and the merge of its sources.
Wired: TypeAlias = tuple[Flow | None, Resolved | None, str | None]
_NOTHING: Wired = (None, None, None)


class GraphResolver:
    """Resolves graphs for a walk, which records the faults."""

    def __init__(self, walk: Walk) -> None:
        self.walk = walk

    def resolve(self, graph: Graph, flows: Mapping[str, Flow], path: Path, spec: Path) -> Result:
        """The graph with its inputs bound by name; a single input is bound whatever its name."""
        alone = len(graph.inputs) == 1 and len(flows) == 1
        checked = self._checked(graph, flows, spec, alone)
        if checked is None:
            return None
        graph = checked
        inputs = {name: next(iter(flows.values())) if alone else flows[name] for name in graph.inputs}
        here: dict[str, Flow | None] = dict(inputs)
        children: dict[str, Resolved] = {}
        merges: dict[str, str] = {}
        for name in graph.nodes:
            here[name], child, merge = self._wire(graph, name, here, path, spec)
            if child is not None:
                children[name] = child
                here |= {f"{name}.{other}": Flow.of(signal, child.path) for other, signal in child.others.items()}
            if merge is not None:
                merges[name] = merge
        outputs = {name: here[name] for name in graph.outputs}
        gives = {name: flow.signal for name, flow in outputs.items() if flow is not None}
        if len(gives) < len(outputs):
            return None
        resolved = Resolved(
            "graph", ".".join(path), "graph",
            reads={name: flow.signal for name, flow in inputs.items()},
            by={name: flow.by for name, flow in inputs.items()},
            gives=gives, children=children, outputs=graph.outputs,
            wires={name: replace(wire, merge=merges.get(name)) for name, wire in graph.nodes.items()},
        )  # fmt: skip
        return resolved, next(flow for flow in outputs.values() if flow is not None)

    def _checked(self, graph: Graph, flows: Mapping[str, Flow], spec: Path, alone: bool) -> Graph | None:
        """The graph with its names corrected; None if nothing of it can be resolved."""
        if not alone:
            graph = graphs.inputs(graph, flows, spec, self._note)
        if not graph.inputs or not graph.nodes:
            self.walk.fault(spec, "graph", "reads no input" if graph.nodes else "has no nodes")
        if not graph.inputs or not graph.nodes or not flows:
            return None
        for check in (graphs.labels, graphs.names, graphs.arguments, graphs.ordered, graphs.read):
            graph = check(graph, spec, self._note)
        sources = {source for wire in graph.nodes.values() for source in wire.names}
        return graph if sources & set(graph.inputs) else None

    def _note(self, fault: Fault) -> None:
        self.walk.note(fault, minor=False)

    def _wire(self, graph: Graph, name: str, here: Mapping[str, Flow | None], path: Path, spec: Path) -> Wired:
        """Resolve one node from the flows of its sources."""
        wire = graph.nodes[name]
        path, spec_here = (*path, name), (*spec, name)
        flows = {source: here.get(source) for source in wire.names}
        if isinstance(wire.sources, Mapping):
            if not isinstance(wire.node, Block):
                what = "only a block can read several sources by name: give the block a node of its own"
                self.walk.fault(spec_here, "graph", what, reads="one block")
                return _NOTHING
            by_argument = {argument: here.get(source) for argument, source in wire.sources.items()}
            return *_split(self.walk.block(wire.node, by_argument, path, spec_here)), None
        if len(wire.sources) == 1 and wire.merge is None:
            (flow,) = flows.values()
            if wire.output is not None and flow is not None:
                flow = self._output(wire.names[0], wire.output, here, spec_here)
            if wire.node is None:
                return (flow.named(".".join(path)) if flow else None), None, None
            return *_split(self.walk.node(wire.node, flow, path, spec_here)), None
        if wire.merge is None and isinstance(wire.node, Block) and len(ports := _ports(wire.node)) >= len(flows) > 1:
            by_argument = dict(zip(ports, flows.values(), strict=False))
            return *_split(self.walk.block(wire.node, by_argument, path, spec_here)), None
        return self._merged(graph, name, here, path, spec)

    def _output(self, source: str, output: str, here: Mapping[str, Flow | None], spec: Path) -> Flow | None:
        """One of several outputs of a source, by its name."""
        name = f"{source}.{output}"
        if name not in here:
            others = [other.removeprefix(f"{source}.") for other in here if other.startswith(f"{source}.")]
            what = f"{source!r} has no output {output!r}"
            reads = " | ".join(others) or "no output: it has only one"
            self.walk.fault(spec, "graph", what, reads=reads, close=closest(output, others))
        return here.get(name)

    def _merged(self, graph: Graph, name: str, here: Mapping[str, Flow | None], path: Path, spec: Path) -> Wired:
        """Resolve a node whose sources are merged before it reads them."""
        wire, spec_here = graph.nodes[name], (*spec, name)
        merge = wire.merge
        if merge is None:
            merge = "concat"
            names = dict.fromkeys(wire.names)
            received = "; ".join(str(flow.signal) for source in names if (flow := here.get(source)))
            what, fix = f"reads {len(names)} sources but has no merge", Edit(spec_here, "merge", merge)
            self.walk.fault(spec_here, "graph", what, reads=f"merge: {' | '.join(MERGES)}", received=received, fix=fix)
        flows = [flow for source in wire.names if (flow := here[source]) is not None]
        if len(flows) < len(wire.names):
            return _NOTHING

        def after(number: int, nodes: Sequence[Node]) -> Edit:
            return _after(graph, name, wire.names[number], nodes, spec)

        joined = self.walk.merge(merge, flows, path, spec_here, "graph", after)
        if joined is None:
            return None, None, merge
        merge, _, flow = joined
        if wire.node is None:
            return flow, None, merge
        return *_split(self.walk.node(wire.node, flow, path, spec_here)), merge


def _after(graph: Graph, name: str, source: str, nodes: Sequence[Node], spec: Path) -> Edit:
    """The edit that inserts nodes behind a source: after it if no other node reads it, else between the two."""
    readers = [other for other, wire in graph.nodes.items() if source in wire.names]
    wire: Wire | None = graph.nodes.get(source)
    one = wire is not None and not isinstance(wire.sources, Mapping) and (len(wire.sources) == 1 or wire.merge)
    if one and readers == [name] and source not in graph.outputs:
        return Edit((*spec, source), "after", list(nodes))
    return Edit((*spec, name), "between", {source: list(nodes)})


def _ports(node: Block) -> list[str]:
    """The arguments of a block's forward; none if the block itself is at fault."""
    try:
        return [port.name for port in schema(BLOCKS.get(node.name)).reads]
    except WeftnetError:
        return []


def _split(result: Result) -> tuple[Flow | None, Resolved | None]:
    return (result[1], result[0]) if result else (None, None)
