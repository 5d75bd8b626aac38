"""Read an architecture from YAML, JSON or a dict, and collect every fault of its form.

The reader is tolerant so that it can go on to the next fault: where it can tell what was meant it reads that, and the
fault says so; `check --fix` then writes what was read. `load` is strict: any fault raises. Loading executes nothing:
YAML's safe subset, no aliases into cycles, and limits on size, depth and nodes.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import yaml

from netloom.blocks import BLOCKS
from netloom.errors import ArchitectureError, NetloomError, SettingError, closest
from netloom.faults import Edit, Fault
from netloom.signal import parse
from netloom.spec import (
    COMBINATORS,
    MERGES,
    Architecture,
    Block,
    Chain,
    Graph,
    Node,
    Parallel,
    Repeat,
    Residual,
    Wire,
)

MAX_BYTES, MAX_NODES, MAX_DEPTH = 1_000_000, 20_000, 60
PathOf = tuple[str, ...]


def load(path: str | Path) -> Architecture:
    """The architecture in a YAML or JSON file.

    Raises:
        ArchitectureError: with every fault of the file's form.
    """
    architecture, faults = read(path)
    if faults or architecture is None:
        raise ArchitectureError(faults, where=str(path))
    return architecture


def read(path: str | Path) -> tuple[Architecture | None, list[Fault]]:
    """The architecture in a file as far as it can be read, and the faults of its form."""
    path = Path(path)
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise SettingError("the file is too large for an architecture", where=str(path), got=f"{size} bytes")
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingError(f"can't be read: {error.strerror}", where=str(path)) from error
    except UnicodeDecodeError as error:
        raise SettingError("is not UTF-8 text", where=str(path), got=f"byte {error.start}") from error
    return read_text(text, where=str(path))


def read_text(text: str, *, where: str = "architecture") -> tuple[Architecture | None, list[Fault]]:
    """As `read`, from the text of a YAML or JSON file."""
    try:
        data = yaml.load(text, Loader=_Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" line {mark.line + 1}" if mark else ""
        problem = getattr(error, "problem", None) or "not valid YAML"
        raise SettingError(str(problem), where=where + line, fix="mend the YAML there") from error
    except RecursionError as error:
        raise SettingError("nests too deeply", where=where, expected=f"at most {MAX_DEPTH} levels") from error
    return read_dict(data)


def from_dict(data: Any) -> Architecture:
    """The architecture in plain data.

    Raises:
        ArchitectureError: with every fault of its form.
    """
    architecture, faults = read_dict(data)
    if faults or architecture is None:
        raise ArchitectureError(faults)
    return architecture


def read_dict(data: Any) -> tuple[Architecture | None, list[Fault]]:
    """As `read`, from plain data."""
    reader = _Reader()
    return reader.architecture(data), reader.faults


class _Loader(yaml.SafeLoader):
    """YAML's safe subset, minus aliases (no bombs) and minus repeated keys (no silent loss)."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]
            raise yaml.MarkedYAMLError(problem="aliases are not used here", problem_mark=event.start_mark)
        return super().compose_node(parent, index)

    def construct_mapping(self, node: Any, deep: bool = False) -> Any:
        seen: set[Any] = set()
        for key, _ in node.value:
            name = self.construct_object(key, deep=True)
            if isinstance(name, list | dict):
                raise yaml.MarkedYAMLError(problem="a key is a name", problem_mark=key.start_mark)
            if name in seen:
                raise yaml.MarkedYAMLError(problem=f"the key {name!r} stands here twice", problem_mark=key.start_mark)
            seen.add(name)
        return super().construct_mapping(node, deep=deep)


class _Reader:
    """One pass over plain data; what it could not take as it stands is in `faults`."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.nodes = 0

    def architecture(self, data: Any) -> Architecture | None:
        if data is None:
            self._fault((), "architecture", "is empty", expected="a list of nodes, or chain: [...]")
            return None
        if not isinstance(data, dict):
            node = self.node(data, ("network",), 0)
            return None if node is None else Architecture({"network": node})
        data = dict(data)
        for key in list(data):
            close = closest(str(key), ("inputs", "parts"), 1)
            if key not in ("inputs", "parts") and close and len(data) > 1 and not _is_block(str(key)):
                self._spelt((), "architecture", str(key), close[0])
                data[close[0]] = data.pop(key)
        inputs = self._inputs(data.pop("inputs", {}))
        if "parts" not in data:
            node = self.node(data, ("network",), 0)
            return None if node is None else Architecture({"network": node}, inputs)
        parts = data.pop("parts")
        for key in data:
            self._fault((), "architecture", f"{key!r} stands beside parts", fix="taken away: put it inside a part")
        if not isinstance(parts, dict) or not parts:
            self._fault((), "parts", "names no part", expected="a mapping of part to node", got=parts)
            return None
        nodes = {str(part): self.node(child, (str(part),), 0) for part, child in parts.items()}
        return Architecture({part: node for part, node in nodes.items() if node is not None}, inputs)

    def _inputs(self, data: Any) -> dict[str, str]:
        if isinstance(data, str):
            self._fault((), "inputs", "names no input", expected="a mapping", got=data, fix=f"read as {{x: {data}}}")
            data = {"x": data}
        if not isinstance(data, dict):
            self._fault((), "inputs", "is not a mapping of names to signals", got=data, fix="left out")
            return {}
        kept = {}
        for name, text in data.items():
            try:
                parse(str(text))
                kept[str(name)] = str(text)
            except NetloomError as error:
                self._fault(("inputs", str(name)), "inputs", error.what, got=text, fix="left out")
        return kept

    def node(self, data: Any, path: PathOf, depth: int) -> Node | None:
        self.nodes += 1
        if self.nodes > MAX_NODES or depth > MAX_DEPTH:
            limit = f"at most {MAX_NODES} nodes, {MAX_DEPTH} deep"
            raise SettingError("the architecture is too large", where=".".join(path), expected=limit)
        if isinstance(data, str):
            return Block(data)
        if isinstance(data, list):
            return Chain(self._list(data, path, depth))
        if isinstance(data, dict) and data:
            return self._mapping(dict(data), path, depth)
        self._fault(path, "node", "is no node", expected="a name, a mapping or a list", got=data, fix="left out")
        return None

    def _list(self, data: list[Any], path: PathOf, depth: int) -> tuple[Node, ...]:
        nodes, taken = [], set()
        for i, item in enumerate(data):
            node = self.node(item, (*path, str(i)), depth + 1)
            if node is None:
                continue
            if node.label is not None and (node.label in taken or node.label.isdecimal()):
                self._fault((*path, str(i)), "name", f"the name {node.label!r} is taken or a number", fix="left out")
                node = _relabel(node, None)
            taken.add(node.label)
            nodes.append(node)
        return tuple(nodes)

    def _mapping(self, data: dict[Any, Any], path: PathOf, depth: int) -> Node | None:
        label = data.pop("name", None)
        if label is not None and (not isinstance(label, str) or "." in label or not label):
            self._fault(path, "name", "a name is a word without dots", got=label, fix="left out")
            label = None
        if len(data) != 1:
            return self._several(data, path, depth)
        ((key, value),) = data.items()
        key = str(key)
        if key not in COMBINATORS and not _is_block(key):
            close = closest(key, COMBINATORS, 1)
            if close and isinstance(value, list | dict):
                self._spelt(path, key, key, close[0])
                key = close[0]
        node = self._combinator(key, value, path, depth) if key in COMBINATORS else self._block(key, value, path)
        return None if node is None else _relabel(node, label)

    def _several(self, data: dict[Any, Any], path: PathOf, depth: int) -> Node | None:
        """A mapping that is not `{name: settings}`: a forgotten dash, or settings beside the name."""
        heads = [key for key in data if key in COMBINATORS or _is_block(str(key))]
        if not data:
            self._fault(path, "node", "has a name and nothing else", fix="left out")
            return None
        if len(heads) == 1 and (data[heads[0]] is None or isinstance(data[heads[0]], dict)):
            head = heads[0]
            own = data.pop(head) or {}
            names = ", ".join(map(str, data))
            self._fault(path, str(head), f"{names} stands beside the name", fix=f"read inside {head}: indent it")
            return self._mapping({head: {**own, **data}}, path, depth)
        names = ", ".join(map(str, data))
        self._fault(path, "node", f"one mapping names several nodes: {names}", fix="read as nodes one after another")
        return Chain(self._list([{key: value} for key, value in data.items()], path, depth))

    def _block(self, name: str, settings: Any, path: PathOf) -> Node:
        if settings is None:
            settings = {}
        if not isinstance(settings, dict):
            first = _first_setting(name)
            mend = f"read as {first}: {settings}" if first else "left out"
            self._fault(path, name, "settings are a mapping", expected="{setting: value}", got=settings, fix=mend)
            settings = {first: settings} if first else {}
        return Block(name, {str(key): value for key, value in settings.items()})

    def _combinator(self, key: str, value: Any, path: PathOf, depth: int) -> Node | None:
        match key:
            case "chain":
                if not isinstance(value, list):
                    self._fault(path, "chain", "is not a list", got=value, fix="read as a list of one")
                    value = [value]
                return Chain(self._list(value, path, depth))
            case "residual":
                known = {"body": None, "shortcut": None}
                if not isinstance(value, dict) or not (value.keys() & known.keys()):
                    value = {"body": value}
                value = self._keys(value, path, "residual", known)
                body = self._inner(value["body"], path, "residual", "body", depth)
                shortcut = value["shortcut"]
                short = None if shortcut is None else self.node(shortcut, (*path, "shortcut"), depth + 1)
                return None if body is None else Residual(body, short)
            case "parallel":
                if isinstance(value, list):
                    value = {"branches": value}
                    self._fault(path, "parallel", "names no merge", expected=_or(MERGES), fix="read as merge: concat")
                value = self._keys(value, path, "parallel", {"branches": None, "merge": "concat"})
                branches = value["branches"] if isinstance(value["branches"], list) else []
                nodes = self._list(branches, path, depth)
                if not nodes:
                    self._fault(path, "parallel", "has no branches", got=value["branches"], fix="left out")
                    return None
                return Parallel(nodes, self._merge(value["merge"], path, "parallel") or "concat")
            case "repeat":
                value = self._keys(value, path, "repeat", {"times": None, "body": None})
                body = self._inner(value["body"], path, "repeat", "body", depth)
                times = value["times"]
                if not isinstance(times, int) or isinstance(times, bool) or not 1 <= times <= MAX_NODES:
                    near = int(times) if isinstance(times, float | str) and str(times).isdecimal() else 1
                    expected = "a positive number"
                    self._fault(path, "repeat", "times", expected=expected, got=times, fix=f"read as times: {near}")
                    times = max(near, 1)
                return None if body is None else Repeat(times, body)
            case _:
                return self._graph(value, path, depth)

    def _inner(self, data: Any, path: PathOf, block: str, key: str, depth: int) -> Node | None:
        if data is None or data == []:
            self._fault(path, block, f"has no {key}", expected=f"{key}: a node or a list", fix="left out")
            return None
        return self.node(data, (*path, key), depth + 1)

    def _graph(self, value: Any, path: PathOf, depth: int) -> Node | None:
        known: dict[str, Any] = {"inputs": None, "nodes": None, "outputs": None}
        value = self._keys(value, path, "graph", known)
        wires = value["nodes"]
        if not isinstance(wires, dict) or not wires:
            self._fault(path, "graph", "has no nodes", expected="nodes: {name: {from: …}}", got=wires)
            return None
        named = {str(name): self._wire(wire, (*path, str(name)), depth) for name, wire in wires.items()}
        nodes = {name: wire for name, wire in named.items() if wire is not None}
        read = {name for wire in nodes.values() for name in wire.names}
        inputs = self._names(value["inputs"], path, "inputs")
        if inputs is None:
            inputs = tuple(dict.fromkeys(n for wire in nodes.values() for n in wire.names if n not in nodes))
            self._fault(path, "graph", "names no inputs", fix=f"read as inputs: [{', '.join(inputs)}]")
        outputs = self._names(value["outputs"], path, "outputs")
        if not outputs:
            outputs = tuple(name for name in nodes if name not in read)[-1:] or tuple(nodes)[-1:]
            self._fault(path, "graph", "names no outputs", fix=f"read as outputs: [{', '.join(outputs)}]")
        return Graph(inputs, nodes, outputs)

    def _wire(self, data: Any, path: PathOf, depth: int) -> Wire | None:
        if not isinstance(data, dict):
            self._fault(path, "graph", "is not {from: …, node}", got=data, fix="left out")
            return None
        data = dict(data)
        for key in list(data):
            close = closest(str(key), ("from",), 1)
            if "from" not in data and close and not _is_block(str(key)):
                self._spelt(path, "graph", str(key), "from")
                data["from"] = data.pop(key)
        sources = data.pop("from", None)
        if isinstance(sources, str):
            sources = (sources,)
        elif isinstance(sources, dict) and sources:
            sources = {str(key): str(name) for key, name in sources.items()}
        elif isinstance(sources, list) and sources:
            sources = tuple(map(str, sources))
        else:
            self._fault(path, "graph", "reads from nowhere", expected="from: a node or an input", fix="left out")
            return None
        merge = self._merge(data.pop("merge"), path, "graph") if "merge" in data else None
        node = self._mapping(data, path, depth + 1) if data.keys() - {"name"} else None
        return Wire(sources, node, merge)

    def _merge(self, merge: Any, path: PathOf, block: str) -> str | None:
        if merge in MERGES:
            return str(merge)
        close = closest(str(merge), MERGES, 1)
        self._fault(
            path, block, f"no merge is called {merge!r}", expected=_or(MERGES), close=close,
            fix=f"read as merge: {close[0] if close else 'concat'}",
        )  # fmt: skip
        return close[0] if close else "concat"

    def _names(self, data: Any, path: PathOf, key: str) -> tuple[str, ...] | None:
        if isinstance(data, str):
            return (data,)
        if data is None or not isinstance(data, list):
            return None
        return tuple(map(str, data))

    def _keys(self, value: Any, path: PathOf, block: str, known: Mapping[str, Any]) -> dict[str, Any]:
        """A combinator's mapping with every known key, misspelt ones read as what they resemble."""
        if not isinstance(value, dict):
            self._fault(path, block, "is not a mapping", expected=_or(known), got=value)
            return dict(known)
        result, unknown = dict(known), {}
        for key, item in value.items():
            if key in known:
                result[str(key)] = item
            else:
                unknown[str(key)] = item
        for key, item in unknown.items():
            free = [name for name in known if name not in value]
            close = closest(key, free, 1)
            if close:
                self._spelt(path, block, key, close[0])
                result[close[0]] = item
            else:
                self._fault(path, block, f"has no setting {key!r}", expected=_or(known), fix="left out")
        return result

    def _spelt(self, path: PathOf, block: str, got: str, meant: str) -> None:
        self._fault(path, block, f"{got!r} is not known here", close=(meant,), fix=f"read as {meant}")

    def _fault(
        self, path: PathOf, block: str, what: str, *,
        expected: str = "", got: Any = None, close: tuple[str, ...] = (), fix: str = "",
    ) -> None:  # fmt: skip
        given = "" if got is None else repr(got) if len(repr(got)) < 80 else repr(got)[:77] + "…"
        edit = Edit(path, "spelling", fix) if fix else None
        self.faults.append(Fault(path or ("architecture",), block, what, expected, given, close=close, fix=edit))


def _relabel(node: Node, label: str | None) -> Node:
    return node if node.label == label else replace(node, label=label)


def _is_block(name: str) -> bool:
    return name in BLOCKS


def _first_setting(name: str) -> str | None:
    """The setting that a bare value must have meant: the first that the builder does not fill in."""
    from netloom.build.axes import schema  # imports torch: only a faulty file needs it

    if name not in BLOCKS:
        return None
    form = schema(BLOCKS.get(name))
    return next((key for key in form.settings if key not in form.filled), None)


def _or(names: Any) -> str:
    return " | ".join(names)
