"""Edits of an architecture: the changes that fix its faults, and how they are applied.

An edit is data – a path, an operation, a value – so that it can be printed, stored, and applied by `check --fix`. All
paths in a list of edits refer to the architecture before any of them, so their order does not matter.

    op        value                    meaning
    set       {setting: value|None}    change settings of the block; None removes the setting
    rename    name                     another block with the same settings
    replace   [node, …]                other nodes in its place
    before    [node, …]                insert nodes before this one
    after     [node, …]                insert nodes after this one
    remove    –                        remove the node; a graph's node that others read still passes its source on
    splice    –                        replace this chain by its nodes
    label     name                     another name for the node, also where it is read
    shortcut  node                     give a residual this shortcut
    merge     name                     another merge
    times     n                        another number of repetitions
    between   {source: [node, …]}      insert nodes between a source and a graph's node
    sources   [name, …]|{arg: name}    read from elsewhere (a graph's node)
    inputs    [name, …]                other inputs of a graph
    outputs   [name, …]                other outputs of a graph
    spelling  text                     already applied while reading: the file did not have the right form
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from weftnet.architecture.spec import (
    Architecture,
    Block,
    Chain,
    Each,
    Graph,
    Node,
    Parallel,
    Repeat,
    Residual,
    Shared,
    Wire,
    node_data,
)


@dataclass(frozen=True)
class Edit:
    """One change of an architecture.

    Args:
        path: of the node that is changed.
        op: what is done.
        value: what with.
        adds: what it costs, for a person, if that is known.
    """

    path: tuple[str, ...]
    op: str
    value: Any = None
    adds: str = field(default="", compare=False)

    def __str__(self) -> str:
        return f"{self._text}, which adds {self.adds}" if self.adds else self._text

    @property
    def _text(self) -> str:
        match self.op:
            case "set":
                return _settings(self.value)
            case "rename":
                return f"use {self.value} instead"
            case "replace":
                return f"use {_written(self.value)} instead"
            case "before" | "after":
                return f"insert {_written(self.value)} {self.op} it"
            case "between":
                ways = self.value.items()
                return " and ".join(f"insert {_written(nodes)} between {source} and it" for source, nodes in ways)
            case "remove":
                return "remove it"
            case "splice":
                return "read as a chain"
            case "shortcut":
                return f"give the residual the shortcut {_written([self.value])}"
            case "label":
                return f"name it {self.value}" if self.value else "remove the name"
            case "merge" | "times":
                return f"set {self.op}: {self.value}"
            case "sources":
                return f"set from: {written(self.value if isinstance(self.value, Mapping) else _short(self.value))}"
            case "inputs" | "outputs":
                return f"set {self.op}: {written(self.value)}"
            case _:
                return str(self.value)

    def data(self) -> dict[str, Any]:
        """The edit as JSON."""
        value = self.value
        if self.op in ("before", "after", "replace"):
            value = [node_data(node) for node in value]
        elif self.op == "between":
            value = {source: [node_data(node) for node in nodes] for source, nodes in value.items()}
        elif self.op == "shortcut":
            value = node_data(value)
        return {"path": ".".join(self.path), "op": self.op, "value": value}


def place(path: tuple[str, ...]) -> str:
    """A path as text, without the part if it is `network`."""
    return ".".join(path[1:] if path[:1] == ("network",) and len(path) > 1 else path)


def apply(architecture: Architecture, edits: Iterable[Edit]) -> Architecture:
    """The architecture with all edits applied."""
    by_path = _by_path(edits)
    parts = {part: _one(_edited(node, (part,), by_path)) for part, node in architecture.parts.items()}
    return replace(architecture, parts=parts)


def edited(node: Node, path: tuple[str, ...], edits: Iterable[Edit]) -> Node:
    """A node with the edits at or below its path applied."""
    return _one(_edited(node, path, _by_path(edits)))


Edits = Mapping[tuple[str, ...], list[Edit]]


def _by_path(edits: Iterable[Edit]) -> Edits:
    by_path: dict[tuple[str, ...], list[Edit]] = {}
    for edit in edits:
        by_path.setdefault(edit.path, []).append(edit)
    return by_path


def _edited(node: Node, path: tuple[str, ...], edits: Edits) -> tuple[Node, ...]:
    """The nodes in a node's place after its edits: none, itself, or itself among others."""
    inner = _inside(node, path, edits)
    if inner is None:
        return ()
    now: tuple[Node, ...] = (inner,)
    before: list[Node] = []
    after: list[Node] = []
    for edit in edits.get(path, ()):
        match edit.op:
            case "remove":
                now = ()
            case "replace":
                now = tuple(edit.value)
            case "splice":
                now = inner.nodes if isinstance(inner, Chain) else now
            case "before":
                before.extend(edit.value)
            case "after":
                after.extend(edit.value)
            case _:  # of several nodes in its place, the last one is the node itself
                now = (*now[:-1], *(_changed(last, edit) for last in now[-1:]))
    return (*before, *now, *after)


def _changed(node: Node, edit: Edit) -> Node:
    """The node with one of its own fields changed."""
    match edit.op, node:
        case "set", Block():
            settings = {**node.settings, **edit.value}
            return replace(node, settings={key: value for key, value in settings.items() if value is not None})
        case "label", _:
            return replace(node, label=edit.value)
        case "rename", Block():
            return replace(node, name=edit.value)
        case "shortcut", Residual():
            return replace(node, shortcut=edit.value)
        case "merge", Parallel():
            return replace(node, merge=edit.value)
        case "times", Repeat():
            return replace(node, times=edit.value)
        case "inputs", Graph():
            return replace(node, inputs=tuple(edit.value))
        case "outputs", Graph():
            return replace(node, outputs=tuple(edit.value))
    return node


def _inside(node: Node, path: tuple[str, ...], edits: Edits) -> Node | None:
    """The node with the nodes inside edited; None if nothing is left of it."""
    match node:
        case Block() | Shared():
            return node
        case Chain(nodes):
            new = [_edited(child, (*path, child.label or str(i)), edits) for i, child in enumerate(nodes)]
            return replace(node, nodes=tuple(child for group in new for child in group))
        case Residual(body, shortcut):
            kept = _edited(body, (*path, "body"), edits)
            short = () if shortcut is None else _edited(shortcut, (*path, "shortcut"), edits)
            return replace(node, body=_one(kept), shortcut=_one(short) if short else None) if kept else None
        case Parallel(branches):
            new = [_edited(child, (*path, child.label or str(i)), edits) for i, child in enumerate(branches)]
            left = tuple(_one(group) for group in new if group)
            return replace(node, branches=left) if left else None
        case Repeat(_, body) | Each(body):
            kept = _edited(body, (*path, "body"), edits)
            return replace(node, body=_one(kept)) if kept else None
        case Graph(_, wires, outputs):
            read = {*outputs, *(name for wire in wires.values() for name in wire.names)}
            new_wires: dict[str, Wire] = {}
            for name, wire in wires.items():
                edited_wire = _wired(wire, (*path, name), edits, name in read)
                if edited_wire is not None:
                    between, edited_wire = _between(name, edited_wire, edits.get((*path, name), ()))
                    new_wires |= {**between, name: edited_wire}
            names = {name: edit.value for name in wires for edit in edits.get((*path, name), ()) if edit.op == "label"}
            return _relabelled(replace(node, nodes=new_wires), names)


def _wired(wire: Wire, path: tuple[str, ...], edits: Edits, read: bool) -> Wire | None:
    """A node of a graph, with the edits of its wire; a removed node that others read leaves its wire."""
    here = edits.get(path, [])
    removed = any(edit.op == "remove" for edit in here)
    if removed and not read:
        return None
    nodes = () if wire.node is None else _edited(wire.node, path, edits)
    if wire.node is None:
        nodes = tuple(child for edit in here if edit.op in ("before", "after") for child in edit.value)
    wire = replace(wire, node=_one(nodes) if nodes else None)
    for edit in here:
        if edit.op == "sources":
            value = edit.value
            wire = replace(wire, sources=dict(value) if isinstance(value, Mapping) else tuple(value))
        elif edit.op == "merge" and not isinstance(wire.node, Parallel):
            wire = replace(wire, merge=edit.value)
    if wire.node is None and isinstance(wire.sources, Mapping):
        wire = replace(wire, sources=wire.names[:1])
    return wire


def _relabelled(graph: Graph, names: Mapping[str, str]) -> Graph:
    """The graph with renamed nodes, also in sources and outputs; a node that reads its own old name keeps it."""
    if not names:
        return graph
    nodes = {}
    for name, wire in graph.nodes.items():
        for old, new in names.items():
            if old != name:
                wire = replace(wire, sources=_redirected(wire, old, new))
        node = wire.node and replace(wire.node, label=None)
        nodes[names.get(name, name)] = replace(wire, node=node) if name in names else wire
    return replace(graph, nodes=nodes, outputs=tuple(names.get(name, name) for name in graph.outputs))


def _between(name: str, wire: Wire, edits: Iterable[Edit]) -> tuple[dict[str, Wire], Wire]:
    """The nodes inserted between a wire and its sources, and the wire that reads them."""
    new: dict[str, Wire] = {}
    for edit in edits:
        if edit.op == "between":
            for source, nodes in edit.value.items():
                new[f"{source}_to_{name}"] = Wire((source,), _one(tuple(nodes)))
                wire = replace(wire, sources=_redirected(wire, source, f"{source}_to_{name}"))
    return new, wire


def _redirected(wire: Wire, old: str, new: str) -> tuple[str, ...] | Mapping[str, str]:
    if isinstance(wire.sources, Mapping):
        return {argument: new if source == old else source for argument, source in wire.sources.items()}
    return tuple(new if source == old else source for source in wire.sources)


def _one(nodes: tuple[Node, ...]) -> Node:
    """Nodes as a single one: a chain of them, with unlabelled chains among them flattened."""
    if len(nodes) == 1:
        return nodes[0]
    flat: list[Node] = []
    for node in nodes:
        flat.extend(node.nodes if isinstance(node, Chain) and node.label is None else (node,))
    return Chain(tuple(flat))


def quoted(value: Any) -> str:
    """A value on one line; text in quotes."""
    return json.dumps(value) if isinstance(value, str) else written(value)


def written(value: Any) -> str:
    """A value on one line, as a file would have it."""
    if isinstance(value, tuple):
        value = list(value)
    return json.dumps(value, ensure_ascii=False, default=str).replace('"', "")


def _written(nodes: Iterable[Node]) -> str:
    return ", ".join(written(node_data(node)) for node in nodes)


def _short(names: Sequence[str]) -> str | list[str]:
    return names[0] if len(names) == 1 else list(names)


def _settings(changes: Mapping[str, Any]) -> str:
    removed = [key for key, value in changes.items() if value is None]
    new = {key: value for key, value in changes.items() if value is not None}
    if len(removed) == len(new) == 1:
        return f"write {written(new)[1:-1]} instead of {removed[0]}"
    return " and ".join([*(f"remove {key}" for key in removed), *(f"set {key}: {written(new[key])}" for key in new)])
