"""An architecture is data: blocks, combinators and shared nodes, as YAML, JSON, a dict or dataclasses, all equivalent.

    node   = name | {name: {setting: value, …}} | [node, …] | {combinator: …}          (each mapping may carry `name:`)
    chain      [node, …]                                              y = fₙ(… f₁(x))
    residual   node | {body: node, shortcut: node}                    y = body(x) + shortcut(x)
    parallel   {branches: [node, …], merge: concat|add|multiply|gate}   y = merge(f₁(x), …, fₙ(x))
    repeat     {times: n, body: node}                                 n copies of the body, each with its own weights
    each       node                                                   y[t] = body(x[t]) for every step t
    graph      {inputs: [name, …], nodes: {name: {from: …, node}}, outputs: [name, …]}
    shared     path | {node: path, transposed: true}                 the node at that path once more, with its weights

`gate` takes two branches, a value and a gate: y = f₁(x) · σ(f₂(x)) (Dauphin et al. 2017, https://arxiv.org/abs/1612.08083).
A graph node reads one source (`from: eye`), several that a merge joins (`from: [eye, row]`, `merge: concat`), or
several by the names of the block's arguments (`from: {x: text, memory: image}`).
Of a block with several outputs the first one goes on; `output: codes` beside `from` picks another by its name.
A shared node names one before it by the path that `check` prints. Transposed, an embedding or a dense layer runs the
other way round: y = x · weightᵀ of an embedding is the last layer of a language model with tied weights (Press, Wolf
2017, https://arxiv.org/abs/1608.05859).
An architecture of several networks names them under `parts:`; a single network is the part `network`.

`weftnet.architecture.reading` reads a file and collects its faults; this module defines the nodes and writes them.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

import yaml

from weftnet.base.plain_yaml import FLOAT, INTEGER

MERGES = ("concat", "add", "multiply", "gate")
COMBINATORS = ("chain", "residual", "parallel", "repeat", "each", "graph", "shared")


@dataclass(frozen=True)
class Block:
    """A block of the catalogue.

    Args:
        name: its name in the registry.
        settings: arguments of its constructor, without the sizes that come from the previous block.
        label: the node's own name in its path, instead of its number.
    """

    name: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    label: str | None = None


@dataclass(frozen=True)
class Chain:
    """Nodes one after another."""

    nodes: tuple["Node", ...] = ()
    label: str | None = None


@dataclass(frozen=True)
class Residual:
    """The sum of a body and a shortcut; the shortcut is the identity by default."""

    body: "Node"
    shortcut: "Node | None" = None
    label: str | None = None


@dataclass(frozen=True)
class Parallel:
    """Branches that read the same input, and how their outputs are merged."""

    branches: tuple["Node", ...]
    merge: str = "concat"
    label: str | None = None


@dataclass(frozen=True)
class Repeat:
    """Several copies of a body, each with its own weights."""

    times: int
    body: "Node"
    label: str | None = None


@dataclass(frozen=True)
class Each:
    """A body that reads every step of a sequence by itself: every frame of a video."""

    body: "Node"
    label: str | None = None


@dataclass(frozen=True)
class Shared:
    """Another node once more, with the same weights.

    Args:
        path: of a node before this one, in the network.
        transposed: whether it maps its outputs back to its inputs.
        label: the node's own name.
    """

    path: str
    transposed: bool = False
    label: str | None = None


@dataclass(frozen=True)
class Wire:
    """A node of a graph and its sources: names in order, or argument → name.

    `node` is None where the sources are only merged or passed on; `output` picks one of several outputs of the source.
    """

    sources: tuple[str, ...] | Mapping[str, str]
    node: "Node | None" = None
    merge: str | None = None
    output: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The names of its sources."""
        return tuple(self.sources.values()) if isinstance(self.sources, Mapping) else self.sources


@dataclass(frozen=True)
class Graph:
    """Named nodes that read named sources."""

    inputs: tuple[str, ...]
    nodes: Mapping[str, Wire]
    outputs: tuple[str, ...]
    label: str | None = None


Node: TypeAlias = Block | Chain | Residual | Parallel | Repeat | Each | Graph | Shared


@dataclass(frozen=True)
class Architecture:
    """Networks by part, and optionally the inputs they were written for (`image:1x28x28`).

    >>> weftnet.ZOO.get("lenet")().parts["network"].nodes[0].name
    'conv2d'
    """

    parts: Mapping[str, Node]
    inputs: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, node: "Node | Architecture | list[Node]", **inputs: str) -> "Architecture":
        """An architecture of the single part `network`."""
        if isinstance(node, Architecture):
            return node
        return cls({"network": Chain(tuple(node)) if isinstance(node, list) else node}, inputs)

    def with_part(self, part: str, node: Node) -> "Architecture":
        """The same with one part replaced."""
        return replace(self, parts={**self.parts, part: node})


def to_dict(architecture: Architecture) -> dict[str, Any]:
    """Plain data that `weftnet.architecture.reading.from_dict` reads back exactly."""
    data: dict[str, Any] = {"inputs": dict(architecture.inputs)} if architecture.inputs else {}
    if set(architecture.parts) == {"network"}:
        return {**data, **_top(architecture.parts["network"])}
    return {**data, "parts": {part: _top(node) for part, node in architecture.parts.items()}}


def to_yaml(architecture: Architecture) -> str:
    """The architecture as a YAML file."""
    return yaml.dump(to_dict(architecture), Dumper=_Dumper, sort_keys=False, width=110, allow_unicode=True)


def node_data(node: Node) -> Any:
    """A node in the shortest form that reads back as the same node."""
    if isinstance(node, Chain) and node.label is None:
        return [node_data(child) for child in node.nodes]
    if isinstance(node, Block) and not node.settings and node.label is None:
        return node.name
    return _top(node)


def _top(node: Node) -> dict[str, Any]:
    label = {"name": node.label} if node.label is not None else {}
    match node:
        case Block(name, settings):
            return {name: _plain(settings), **label}
        case Chain(nodes):
            return {"chain": [node_data(child) for child in nodes], **label}
        case Residual(body, None):
            return {"residual": _bare(body), **label}
        case Residual(body, shortcut):
            assert shortcut is not None  # the case above took None; for the type checker
            return {"residual": {"body": node_data(body), "shortcut": node_data(shortcut)}, **label}
        case Parallel(branches, merge):
            return {"parallel": {"merge": merge, "branches": [node_data(branch) for branch in branches]}, **label}
        case Repeat(times, body):
            return {"repeat": {"times": times, "body": node_data(body)}, **label}
        case Each(body):
            return {"each": _bare(body), **label}
        case Graph(inputs, nodes, outputs):
            wires = {name: _wire(wire) for name, wire in nodes.items()}
            return {"graph": {"inputs": list(inputs), "nodes": wires, "outputs": list(outputs)}, **label}
        case Shared(path, transposed):
            return {"shared": {"node": path, "transposed": True} if transposed else path, **label}


def _bare(body: Node) -> Any:
    """A body without its `body:` key, unless a mapping there could be taken for one of keys."""
    data = node_data(body)
    return {"body": data} if isinstance(data, dict) else data


def _wire(wire: Wire) -> dict[str, Any]:
    sources: Any
    if isinstance(wire.sources, Mapping):
        sources = dict(wire.sources)
    else:
        sources = wire.sources[0] if len(wire.sources) == 1 else list(wire.sources)
    data: dict[str, Any] = {"from": sources}
    if wire.merge is not None:
        data["merge"] = wire.merge
    if wire.output is not None:
        data["output"] = wire.output
    return data if wire.node is None else {**data, **_top(wire.node)}


def _plain(value: Any) -> Any:
    """Tuples and mappings of settings as the lists and dicts that YAML and JSON know."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


def children(node: Node) -> Iterator[tuple[str, Node]]:
    """The nodes directly inside a node, each with its path segment."""
    match node:
        case Chain(nodes) | Parallel(nodes):
            for number, child in enumerate(nodes):
                yield child.label or str(number), child
        case Residual(body, shortcut):
            yield "body", body
            if shortcut is not None:
                yield "shortcut", shortcut
        case Repeat(_, body) | Each(body):
            yield "body", body
        case Graph(_, wires):
            for name, wire in wires.items():
                if wire.node is not None:
                    yield name, wire.node
        case Block() | Shared():
            return


def rebuilt(node: Node, change: Callable[[Node], Node]) -> Node:
    """The node with each of the nodes directly inside it changed."""
    match node:
        case Chain(nodes):
            return replace(node, nodes=tuple(map(change, nodes)))
        case Parallel(branches):
            return replace(node, branches=tuple(map(change, branches)))
        case Residual(body, shortcut):
            return replace(node, body=change(body), shortcut=None if shortcut is None else change(shortcut))
        case Repeat(_, body) | Each(body):
            return replace(node, body=change(body))
        case Graph(_, wires):
            inner = {
                name: replace(wire, node=None if wire.node is None else change(wire.node))
                for name, wire in wires.items()
            }
            return replace(node, nodes=inner)
        case Block() | Shared():
            return node


def count(node: Node) -> int:
    """Number of blocks in the network that a node becomes, repeats expanded."""
    inside = sum(count(child) for _, child in children(node))
    return inside * node.times if isinstance(node, Repeat) else max(inside, 1)


class _Dumper(yaml.SafeDumper):
    """Block style for nested nodes, flow style for settings and short wires, so that a chain has one node per line."""

    def represent_mapping(self, tag: str, mapping: Any, flow_style: bool | None = None) -> yaml.MappingNode:
        node = super().represent_mapping(tag, mapping, flow_style)
        shallow = all(_depth(value) < 2 for _, value in node.value)
        nests = any(isinstance(value, yaml.MappingNode) for _, value in node.value)
        inner = nests or any(key in COMBINATORS for key in mapping)
        node.flow_style = shallow and ("from" in mapping or not inner)
        return node

    def represent_sequence(self, tag: str, sequence: Any, flow_style: bool | None = None) -> yaml.SequenceNode:
        node = super().represent_sequence(tag, sequence, flow_style)
        node.flow_style = all(isinstance(value, yaml.ScalarNode) for value in node.value) and len(node.value) <= 4
        return node

    def represent_text(self, text: str) -> yaml.ScalarNode:
        """Text; in double quotes, with escapes, where YAML would otherwise see a line break."""
        return self.represent_scalar("tag:yaml.org,2002:str", text, style=None if text.isprintable() else '"')


_Dumper.add_representer(str, _Dumper.represent_text)
for _name, _form in (("float", FLOAT), ("int", INTEGER)):  # texts that would be read as numbers are quoted
    _Dumper.add_implicit_resolver(f"tag:yaml.org,2002:{_name}", _form, list("-+0123456789."))


def _depth(node: yaml.Node) -> int:
    """The nesting depth of a written value."""
    if isinstance(node, yaml.MappingNode):
        return 1 + max((_depth(value) for _, value in node.value), default=0)
    if isinstance(node, yaml.SequenceNode):
        return 1 + max(map(_depth, node.value), default=0)
    return 0
