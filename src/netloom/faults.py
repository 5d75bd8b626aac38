"""A fault of an architecture, and the edit that mends it.

An edit is data – a path, an operation, a value – so that it can be printed, kept, and applied by `check --fix`. All the
paths of a list of edits refer to the architecture before any of them, so their order does not matter.

    op        value                    meaning
    set       {setting: value|None}    change settings of the block; None takes the setting away
    rename    name                     another block with the same settings
    before    [node, …]                put nodes before this one
    after     [node, …]                put nodes after this one
    remove    –                        take the node away
    shortcut  node                     give a residual this shortcut
    merge     name                     another merge
    times     n                        another number of repetitions
    sources   [name, …]|{arg: name}    read from elsewhere (a graph's node)
    inputs    [name, …]                other inputs of a graph
    outputs   [name, …]                other outputs of a graph
    spelling  text                     already made while reading: the file was not of the right form
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from netloom.spec import Architecture, Block, Chain, Graph, Node, Parallel, Repeat, Residual, Wire, node_data


@dataclass(frozen=True)
class Edit:
    """One change of an architecture."""

    path: tuple[str, ...]
    op: str
    value: Any = None

    def __str__(self) -> str:
        match self.op:
            case "set":
                changes = [
                    f"take {key} away" if value is None else f"set {key}: {value}" for key, value in self.value.items()
                ]
                return " and ".join(changes)
            case "rename":
                return f"write {self.value} instead"
            case "before" | "after":
                return f"put {_written(self.value)} {self.op} it"
            case "remove":
                return "take it away"
            case "shortcut":
                return f"give the residual the shortcut {_written([self.value])}"
            case "merge" | "times":
                return f"set {self.op}: {self.value}"
            case "sources":
                return f"read from: {self.value if isinstance(self.value, dict) else ', '.join(self.value)}"
            case "inputs" | "outputs":
                return f"set {self.op}: [{', '.join(self.value)}]"
            case _:
                return str(self.value)

    def data(self) -> dict[str, Any]:
        """The edit as JSON."""
        value = self.value
        if self.op in ("before", "after"):
            value = [node_data(node) for node in value]
        elif self.op == "shortcut":
            value = node_data(value)
        return {"path": ".".join(self.path), "op": self.op, "value": value}


@dataclass(frozen=True)
class Fault:
    """What is wrong with a node, and how to mend it.

    Args:
        path: the node's path, its part first.
        block: the block's or combinator's name.
        what: the fault in one sentence.
        reads: what the node reads.
        given: what it was given.
        by: the path of the node that gave it.
        close: names that may have been meant.
        fix: the edit that mends it; it was tried before it was offered.
    """

    path: tuple[str, ...]
    block: str
    what: str
    reads: str = ""
    given: str = ""
    by: str = ""
    close: tuple[str, ...] = ()
    fix: Edit | None = None

    def __str__(self) -> str:
        lines = [f"{'.'.join(self.path)} ({self.block}): {self.what}"]
        if self.reads:
            lines.append(f"  reads: {self.reads}")
        if self.given:
            lines.append(f"  given: {self.given}" + (f", by {self.by}" if self.by else ""))
        if self.close:
            lines.append(f"  did you mean {' or '.join(map(repr, self.close))}?")
        if self.fix is not None:
            lines.append(f"  fix: {self.fix}")
        return "\n".join(lines)


def apply(architecture: Architecture, edits: Iterable[Edit]) -> Architecture:
    """The architecture with all the edits made."""
    by_path: dict[tuple[str, ...], list[Edit]] = {}
    for edit in edits:
        by_path.setdefault(edit.path, []).append(edit)
    parts = {part: _one(_edited(node, (part,), by_path)) for part, node in architecture.parts.items()}
    return replace(architecture, parts=parts)


def edited(node: Node, path: tuple[str, ...], edits: Iterable[Edit]) -> Node:
    """A node with the edits made that lie at or below its path."""
    by_path: dict[tuple[str, ...], list[Edit]] = {}
    for edit in edits:
        by_path.setdefault(edit.path, []).append(edit)
    return _one(_edited(node, path, by_path))


Edits = Mapping[tuple[str, ...], list[Edit]]


def _edited(node: Node, path: tuple[str, ...], edits: Edits) -> tuple[Node, ...]:
    node = _inside(node, path, edits)
    before: list[Node] = []
    after: list[Node] = []
    for edit in edits.get(path, ()):
        match edit.op, node:
            case "remove", _:
                return ()
            case "before", _:
                before.extend(edit.value)
            case "after", _:
                after.extend(edit.value)
            case "set", Block():
                settings = {**node.settings, **edit.value}
                kept = {key: value for key, value in settings.items() if value is not None}
                node = replace(node, settings=kept)
            case "rename", Block():
                node = replace(node, name=edit.value)
            case "shortcut", Residual():
                node = replace(node, shortcut=edit.value)
            case "merge", Parallel():
                node = replace(node, merge=edit.value)
            case "times", Repeat():
                node = replace(node, times=edit.value)
            case "inputs", Graph():
                node = replace(node, inputs=tuple(edit.value))
            case "outputs", Graph():
                node = replace(node, outputs=tuple(edit.value))
    return (*before, node, *after)


def _inside(node: Node, path: tuple[str, ...], edits: Edits) -> Node:
    match node:
        case Block():
            return node
        case Chain(nodes):
            new = [_edited(child, (*path, child.label or str(i)), edits) for i, child in enumerate(nodes)]
            return replace(node, nodes=tuple(child for group in new for child in group))
        case Residual(body, shortcut):
            node = replace(node, body=_one(_edited(body, (*path, "body"), edits)))
            if shortcut is None:
                return node
            kept = _edited(shortcut, (*path, "shortcut"), edits)
            return replace(node, shortcut=_one(kept) if kept else None)
        case Parallel(branches):
            new = [_edited(child, (*path, child.label or str(i)), edits) for i, child in enumerate(branches)]
            return replace(node, branches=tuple(_one(group) for group in new))
        case Repeat(_, body):
            return replace(node, body=_one(_edited(body, (*path, "body"), edits)))
        case Graph(_, wires):
            kept_wires = {name: _wired(wire, (*path, name), edits) for name, wire in wires.items()}
            return replace(node, nodes={name: wire for name, wire in kept_wires.items() if wire is not None})


def _wired(wire: Wire, path: tuple[str, ...], edits: Edits) -> Wire | None:
    """A graph's node: removing it takes the wire too, and edits of the wire itself are made here."""
    here = edits.get(path, [])
    if any(edit.op == "remove" for edit in here):
        return None
    node = wire.node
    if node is not None:
        node = _one(_edited(node, path, edits))
    elif around := [child for edit in here if edit.op in ("before", "after") for child in edit.value]:
        node = _one(tuple(around))
    wire = replace(wire, node=node)
    for edit in here:
        if edit.op == "sources":
            value = edit.value
            wire = replace(wire, sources=dict(value) if isinstance(value, Mapping) else tuple(value))
        elif edit.op == "merge" and not isinstance(wire.node, Parallel):
            wire = replace(wire, merge=edit.value)
    return wire


def _one(nodes: tuple[Node, ...]) -> Node:
    """Nodes where only one can stand: a chain of them, flattened where the parts are plain chains."""
    if len(nodes) == 1:
        return nodes[0]
    flat: list[Node] = []
    for node in nodes:
        flat.extend(node.nodes if isinstance(node, Chain) and node.label is None else (node,))
    return Chain(tuple(flat))


def _written(nodes: Iterable[Node]) -> str:
    """Nodes in one line, as they would stand in a file."""
    return ", ".join(json.dumps(node_data(node)).replace('"', "") for node in nodes)
