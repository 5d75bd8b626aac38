"""Read a graph: its inputs, its nodes and where each reads, its outputs."""

from typing import TYPE_CHECKING, Any

from weftnet.architecture.spec import Graph, Node, Wire
from weftnet.blocks import BLOCKS
from weftnet.errors import closest

if TYPE_CHECKING:
    from weftnet.architecture.reader import PathOf, Reader


class GraphReader:
    """Reads a graph for a reader, which notes the faults."""

    def __init__(self, reader: "Reader") -> None:
        self.reader = reader

    def graph(self, value: Any, path: "PathOf", depth: int) -> Node | None:
        """The graph as far as it can be read."""
        value = self.reader.keys(value, path, "graph", {"inputs": None, "nodes": None, "outputs": None})
        wires = value["nodes"]
        if not isinstance(wires, dict) or not wires:
            self.reader.fault(path, "graph", "has no nodes", expected="nodes: {name: {from: …}}", got=wires)
            return None
        inputs = _names(value["inputs"])
        nodes: dict[str, Wire] = {}
        for name, data in wires.items():
            previous = next(reversed(nodes), (inputs or ("x",))[-1])
            wire = self._wire(data, (*path, str(name)), depth, previous)
            if wire is not None:
                nodes[str(name)] = wire
        if not inputs:
            read = dict.fromkeys(name for wire in nodes.values() for name in wire.names if name not in nodes)
            inputs = tuple(read) or ("x",)
            self.reader.fault(path, "graph", "names no inputs", fix=f"read as inputs: [{', '.join(inputs)}]")
        outputs = _names(value["outputs"])
        if not outputs:
            sources = {name for wire in nodes.values() for name in wire.names}
            outputs = tuple(name for name in nodes if name not in sources)[-1:] or tuple(nodes)[-1:]
            self.reader.fault(path, "graph", "names no outputs", fix=f"read as outputs: [{', '.join(outputs)}]")
        return Graph(inputs, nodes, outputs) if nodes else None

    def _wire(self, data: Any, path: "PathOf", depth: int, previous: str) -> Wire | None:
        if not isinstance(data, dict):
            data = {"chain": data} if isinstance(data, list) else {data: None} if isinstance(data, str) else {}
        data = dict(data)
        if "from" not in data:
            for key in [key for key in data if key not in BLOCKS and closest(str(key), ("from",), 1)]:
                self.reader.spelt(path, "graph", str(key), "from")
                data["from"] = data.pop(key)
                break
        sources = data.pop("from", None)
        if isinstance(sources, dict) and sources:
            sources = {str(key): str(name) for key, name in sources.items()}
        else:
            sources = _names(sources)
        if not sources:
            self.reader.fault(path, "graph", "does not say what it reads", fix=f"read as from: {previous}")
            sources = (previous,)
        merge = self.reader.merge(data.pop("merge"), path, "graph") if "merge" in data else None
        node = self.reader.mapping(data, path, depth + 1) if data.keys() - {"name"} else None
        return Wire(sources, node, merge)


def _names(data: Any) -> tuple[str, ...]:
    """One name or a list of them."""
    if isinstance(data, str):
        return (data,)
    return tuple(map(str, data)) if isinstance(data, list) else ()
