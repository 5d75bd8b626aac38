"""Read a graph: its inputs, its nodes and the sources of each, its outputs."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from weftnet.architecture.form import IGNORED, Form, Path
from weftnet.architecture.spec import Graph, Node, Wire
from weftnet.blocks import BLOCKS
from weftnet.errors import closest

#: Reads the node that a wire's mapping holds beside `from` and `merge`.
ReadNode: TypeAlias = Callable[[dict[Any, Any], Path], Node | None]


class GraphReader:
    """Reads one graph as far as it can be read.

    Args:
        form: where faults are recorded.
        path: the graph's path.
        read_node: reads the nodes inside.
    """

    def __init__(self, form: Form, path: Path, read_node: ReadNode) -> None:
        self.form, self.path, self.read_node = form, path, read_node

    def read(self, value: Any) -> Graph | None:
        """The graph; None if it has no nodes."""
        value = self.form.keys(value, self.path, "graph", ("inputs", "nodes", "outputs"))
        wires = value["nodes"]
        if not isinstance(wires, dict) or not wires:
            self._fault("has no nodes", expected="nodes: {name: {from: …}}", got=wires)
            return None
        inputs = _names(value["inputs"])
        nodes: dict[str, Wire] = {}
        for name, data in wires.items():
            previous = next(reversed(nodes), (inputs or ("x",))[-1])
            nodes[str(name)] = self._wire(data, (*self.path, str(name)), previous)
        inputs = inputs or self._unnamed_inputs(nodes)
        return Graph(inputs, nodes, _names(value["outputs"]) or self._unnamed_outputs(nodes))

    def _wire(self, data: object, path: Path, previous: str) -> Wire:
        """A node with its sources; the previous node where none are named."""
        if not isinstance(data, dict):
            data = {"chain": data} if isinstance(data, list) else {data: None} if isinstance(data, str) else {}
        data = dict(data)
        if "from" not in data:
            for key in [key for key in data if key not in BLOCKS and closest(str(key), ("from",), 1)]:
                self.form.misspelt(path, "graph", str(key), "from")
                data["from"] = data.pop(key)
                break
        sources = data.pop("from", None)
        if isinstance(sources, dict) and sources:
            sources = {str(argument): str(name) for argument, name in sources.items()}
        else:
            sources = _names(sources)
        if not sources:
            what = "does not say what it reads"
            self.form.fault(path, "graph", what, fix=f"read as from: {previous}")
            sources = (previous,)
        merge = self.form.merge(data.pop("merge"), path, "graph") if "merge" in data else None
        output = data.pop("output", None)
        if output is not None and (len(sources) != 1 or isinstance(sources, dict)):
            self.form.fault(path, "graph", "picks an output of several sources", expected="one source", fix=IGNORED)
            output = None
        node = self.read_node(data, path) if data.keys() - {"name"} else None
        return Wire(sources, node, merge, None if output is None else str(output))

    def _unnamed_inputs(self, nodes: Mapping[str, Wire]) -> tuple[str, ...]:
        """The inputs of a graph that names none: what its nodes read and no node is called."""
        read = dict.fromkeys(name for wire in nodes.values() for name in wire.names if name not in nodes)
        inputs = tuple(read) or ("x",)
        self._fault("names no inputs", fix=f"read as inputs: [{', '.join(inputs)}]")
        return inputs

    def _unnamed_outputs(self, nodes: Mapping[str, Wire]) -> tuple[str, ...]:
        """The output of a graph that names none: its last node that no other reads."""
        sources = {name for wire in nodes.values() for name in wire.names}
        outputs = tuple(name for name in nodes if name not in sources)[-1:] or tuple(nodes)[-1:]
        self._fault("names no outputs", fix=f"read as outputs: [{', '.join(outputs)}]")
        return outputs

    def _fault(self, what: str, **more: Any) -> None:
        self.form.fault(self.path, "graph", what, **more)


def _names(data: object) -> tuple[str, ...]:
    """One name or a list of them."""
    if isinstance(data, str):
        return (data,)
    return tuple(map(str, data)) if isinstance(data, list) else ()
