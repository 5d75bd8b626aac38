"""A network as a Mermaid flowchart, which READMEs and wikis can display."""

from collections.abc import Iterator, Mapping

from weftnet.compose.drawing import brief
from weftnet.compose.flow import Resolved


def mermaid(resolved: Resolved) -> str:
    """The network as the text of a Mermaid flowchart; shapes are labels of the edges."""
    writer = _Writer()
    starts = {name: writer.node(f"{name}: {brief(signal)}", "([{}])") for name, signal in resolved.reads.items()}
    if resolved.kind == "graph":
        outputs = writer.graph(resolved, "", {name: (key, "") for name, key in starts.items()})
    else:
        path = "" if resolved.kind == "chain" else resolved.name
        ((name, key),) = starts.items()
        outputs = {"output": writer.one(resolved, path, (key, brief(resolved.reads[name])))}
    for name, (key, shape) in outputs.items():
        writer.edge((key, shape), writer.node(name, "([{}])"))
    return "\n".join(["flowchart TD", *writer.lines]) + "\n"


End = tuple[str, str]


class _Writer:
    """The lines so far, and a key for every node; an end is a node's key and the shape of its output."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._keys: Iterator[int] = iter(range(1_000_000))

    def node(self, text: str, shape: str = "[{}]") -> str:
        key = f"n{next(self._keys)}"
        quoted = text.replace('"', "#quot;").replace("<", "#lt;").replace(">", "#gt;")
        self.lines.append("  " + key + shape.format(f'"{quoted}"'))
        return key

    def edge(self, end: End, to: str, argument: str = "") -> None:
        label = f"{argument}: {end[1]}" if argument and end[1] else argument or end[1]
        self.lines.append(f'  {end[0]} -->|"{label}"| {to}' if label else f"  {end[0]} --> {to}")

    def join(self, text: str, ends: list[End], shape: str) -> End:
        key = self.node(text, "(({}))")
        for end in ends:
            self.edge(end, key)
        return key, shape

    def one(self, node: Resolved, path: str, end: End) -> End:
        match node.kind:
            case "block" | "shared":
                key = self.node(f"{path} {node.name} {node.settings['node'] if node.kind == 'shared' else ''}".rstrip())
                self.edge(end, key)
                return key, brief(node.output)
            case "chain":
                for name, child in node.children.items():
                    end = self.one(child, f"{path}.{name}" if path else name, end)
                return end
            case "each":
                key = self.node(f"{path} each step".lstrip())
                self.edge(end, key)
                ((name, body),) = node.children.items()
                return self.one(body, f"{path}.{name}", (key, brief(next(iter(body.reads.values())))))
            case "residual":
                children = [self.one(child, f"{path}.{name}", end) for name, child in node.children.items()]
                return self.join("+", children if len(children) == 2 else [*children, end], brief(node.output))
            case "parallel":
                children = [self.one(child, f"{path}.{name}", end) for name, child in node.children.items()]
                return self.join(node.merge or "concat", children, brief(node.output))
            case _:
                outputs = self.graph(node, path, {next(iter(node.reads)): end})
                return next(iter(outputs.values()))

    def graph(self, node: Resolved, path: str, ends: Mapping[str, End]) -> dict[str, End]:
        here = {name: (key, shape or brief(node.reads[name])) for name, (key, shape) in ends.items()}
        for name, wire in node.wires.items():
            at = f"{path}.{name}" if path else name
            child = node.children.get(name)
            sources = [here[source] for source in wire.names]
            if wire.output is not None:
                sources = [(key, wire.output) for key, _ in sources]
            if wire.merge is not None:
                shape = brief(next(iter(child.reads.values()))) if child is not None else ""
                sources = [self.join(wire.merge, sources, shape)]
            if child is None:
                here[name] = sources[0]
            elif child.kind == "block" and len(sources) > 1:
                key = self.node(f"{at} {child.name}")
                for argument, source in zip(child.reads, sources, strict=True):
                    self.edge(source, key, argument)
                here[name] = key, brief(child.output)
            else:
                here[name] = self.one(child, at, sources[0])
        return {name: here[name] for name in node.outputs}
