"""One pass over the plain data of an architecture: what could be read, and every fault of its form.

Where the intention is clear it is read so, and the fault says so. What can't be read at all leaves an empty chain in
its place, so that the paths of all later faults are those of the file; the fault's edit removes it.
"""

from dataclasses import replace
from typing import Any

from weftnet.architecture.faults import Edit, Fault, quoted, written
from weftnet.architecture.form import IGNORED, Form, Path, either
from weftnet.architecture.graph_reader import GraphReader
from weftnet.architecture.signal import KINDS, parse
from weftnet.architecture.spec import (
    COMBINATORS,
    MERGES,
    Architecture,
    Block,
    Chain,
    Each,
    Node,
    Parallel,
    Repeat,
    Residual,
    Shared,
)
from weftnet.base.limits import lifted, limit
from weftnet.blocks import BLOCKS
from weftnet.errors import SettingError, WeftnetError, closest

MAX_DEPTH = 60
#: The key of a combinator's mapping that a bare list stands for.
MAIN = {"residual": "body", "repeat": "body", "each": "body", "parallel": "branches"}


class Reader:
    """One reading; every deviation from the proper form is in `faults`.

    Args:
        where: what is read, for messages.
    """

    def __init__(self, where: str = "architecture") -> None:
        self.where = where
        self.form = Form()
        self.nodes = 0

    @property
    def faults(self) -> list[Fault]:
        """The faults so far."""
        return self.form.faults

    def architecture(self, data: object) -> Architecture | None:
        """The architecture as far as it can be read."""
        if data is None:
            self.form.fault((), "architecture", "is empty", expected="a list of nodes, or chain: [...]")
            return None
        data = dict(data) if isinstance(data, dict) else {"chain": data} if isinstance(data, list) else data
        inputs: dict[str, str] = {}
        if isinstance(data, dict):
            for key in list(data):
                close = closest(str(key), ("inputs", "parts"), 1)
                if close and key not in ("inputs", "parts") and len(data) > 1 and key not in BLOCKS:
                    self.form.misspelt((), "architecture", str(key), close[0])
                    data[close[0]] = data.pop(key)
            inputs = self._inputs(data.pop("inputs", {}))
            if "parts" in data:
                return self._parts(data, inputs)
        node = self.node(data, ("network",), 0)
        if node is None:
            return None
        if node == Chain():
            self.form.fault(("network",), "chain", "has no nodes", expected="at least one block")
            return None
        return Architecture({"network": node}, inputs)

    def _parts(self, data: dict[Any, Any], inputs: dict[str, str]) -> Architecture | None:
        parts = data.pop("parts")
        for key in data:
            self.form.fault((), "architecture", f"{key!r} is beside parts", fix=f"{IGNORED}: move it into a part")
        if not isinstance(parts, dict) or not parts:
            self.form.fault((), "parts", "names no part", expected="a mapping of part to node", got=parts)
            return None
        nodes = {str(part): self.node(child, (str(part),), 0) for part, child in parts.items()}
        return Architecture({part: node for part, node in nodes.items() if node is not None}, inputs)

    def _inputs(self, data: object) -> dict[str, str]:
        """Input signals by name, those that can be parsed."""
        expected = "{name: signal}"
        if isinstance(data, str):
            self.form.fault((), "inputs", "names no input", expected=expected, got=data, fix=f"read as {{x: {data}}}")
            data = {"x": data}
        if not isinstance(data, dict):
            self.form.fault((), "inputs", "is not a mapping", expected=expected, got=data, fix=IGNORED)
            return {}
        signals = {}
        for name, value in data.items():
            text = str(value)
            kind, colon, sizes = text.partition(":")
            what = ""
            for spelling in (text, *(near + colon + sizes for near in closest(kind, KINDS, 1))):
                try:
                    parse(spelling)
                except WeftnetError as error:
                    what = error.what
                else:
                    signals[str(name)] = spelling
                    break
            if signals.get(str(name)) != text:
                fix = f"read as {signals[str(name)]}" if str(name) in signals else IGNORED
                self.form.fault(("inputs", str(name)), "inputs", what, got=value, fix=fix)
        return signals

    def node(self, data: object, path: Path, depth: int) -> Node | None:
        """A node as far as it can be read; None if nothing of it can."""
        self.nodes += 1
        if depth > MAX_DEPTH:
            raise SettingError("is nested too deeply", where=self.where, expected=f"at most {MAX_DEPTH} levels")
        if self.nodes > (most := limit("nodes")):
            what, expected = "is too large", f"at most {most} nodes"
            raise SettingError(what, where=self.where, expected=expected, fix=lifted("nodes"))
        if isinstance(data, str) and data not in COMBINATORS:
            return Block(data)
        if isinstance(data, list):
            return Chain(self._list(data, path, depth))
        if isinstance(data, dict) and data:
            return self._mapping(dict(data), path, depth)
        self.form.fault(path, "node", "is not a node", expected="a name, a mapping or a list", got=data, fix=IGNORED)
        return None

    def _list(self, data: list[Any], path: Path, depth: int) -> tuple[Node, ...]:
        nodes: list[Node] = []
        taken: set[str] = set()
        for number, item in enumerate(data):
            label = item.get("name") if isinstance(item, dict) else None
            why = _why_no_name(label, taken)
            segment = str(number) if label is None or why else str(label)
            node = self.node(item, (*path, segment), depth + 1)
            if why:
                self.form.fault((*path, segment), "name", why, got=label, fix="read without the name")
                node = node and replace(node, label=None)
            taken.add(segment)
            nodes.append(Chain() if node is None else node)
        return tuple(nodes)

    def _mapping(self, data: dict[Any, Any], path: Path, depth: int) -> Node | None:
        """`{name: settings}` or `{combinator: …}`, and its label if it has one."""
        label = data.pop("name", None)
        if len(data) != 1:
            return self._several_keys(data, path, depth)
        ((key, value),) = data.items()
        key = str(key)
        if key not in COMBINATORS and key not in BLOCKS:
            close = closest(key, COMBINATORS, 1) or (("chain",) if isinstance(value, list) and _nodes(value) else ())
            if close and isinstance(value, list | dict):
                self.form.misspelt(path, key, key, close[0])
                key = close[0]
        node = self._combinator(key, value, path, depth) if key in COMBINATORS else self._block(key, value, path)
        return node if node is None or label is None else replace(node, label=str(label))

    def _several_keys(self, data: dict[Any, Any], path: Path, depth: int) -> Node | None:
        """A mapping that is not `{name: settings}`: a missing dash, or settings beside the name."""
        heads = [key for key in data if key in COMBINATORS or key in BLOCKS]
        if not data:
            self.form.fault(path, "node", "has a name and nothing else", fix=IGNORED)
            return None
        if len(heads) == 1:
            head = heads[0]
            own = data[head] or {}
            if isinstance(own, list) and head in MAIN:
                own = {MAIN[head]: own}
            if isinstance(own, dict):
                beside = {key: value for key, value in data.items() if key != head}
                names = " and ".join(map(str, beside))
                what = f"{names} {'is' if len(beside) == 1 else 'are'} beside the name, not under it"
                self.form.fault(path, str(head), what, fix=f"read inside {head}: indent it")
                return self._mapping({head: {**own, **beside}}, path, depth)
        names = ", ".join(map(str, data))
        what = f"one mapping names several nodes: {names}"
        self.faults.append(Fault(path, "node", what, fix=Edit(path, "splice")))
        return Chain(self._list([{key: value} for key, value in data.items()], path, depth))

    def _block(self, name: str, settings: Any, path: Path) -> Node:
        if settings is None:
            settings = {}
        if not isinstance(settings, dict):
            names = _open_settings(name)
            values = settings if isinstance(settings, list) and len(names) > 1 else [settings]
            named = dict(zip(names, values, strict=False))
            fix = f"read as {written(named)}" if named else IGNORED
            what = "settings must be a mapping of setting to value"
            self.faults.append(Fault(path, name, what, received=written(settings), fix=Edit(path, "spelling", fix)))
            settings = named
        return Block(name, {str(key): value for key, value in settings.items()})

    def _combinator(self, key: str, value: Any, path: Path, depth: int) -> Node | None:
        match key:
            case "chain":
                if not isinstance(value, list):
                    self.form.fault(path, "chain", "is not a list", got=value, fix="read as a list of one")
                    value = [value]
                return Chain(self._list(value, path, depth))
            case "residual":
                return self._residual(value, path, depth)
            case "parallel":
                return self._parallel(value, path, depth)
            case "repeat":
                value = self.form.keys(value, path, "repeat", ("times", "body"))
                body = self._body(value["body"], path, "repeat", depth)
                return None if body is None else Repeat(self._times(value["times"], path), body)
            case "each":
                value = value if isinstance(value, dict) and "body" in value else {"body": value}
                body = self._body(self.form.keys(value, path, "each", ("body",))["body"], path, "each", depth)
                return None if body is None else Each(body)
            case "shared":
                return self._shared(value, path)
            case _:
                graph = GraphReader(self.form, path, lambda data, place: self._mapping(data, place, depth + 1))
                return graph.read(value)

    def _residual(self, value: Any, path: Path, depth: int) -> Node | None:
        """`residual: body`, or its body and shortcut by name."""
        known = ("body", "shortcut")
        if not isinstance(value, dict) or not value.keys() & set(known):
            value = {"body": value}
        value = self.form.keys(value, path, "residual", known)
        body = self._body(value["body"], path, "residual", depth)
        shortcut = value["shortcut"]
        if shortcut is not None:
            shortcut = self.node(shortcut, (*path, "shortcut"), depth + 1)
        return None if body is None else Residual(body, shortcut)

    def _parallel(self, value: Any, path: Path, depth: int) -> Node | None:
        if isinstance(value, list):
            value = {"branches": value}
        value = self.form.keys(value, path, "parallel", ("branches", "merge"))
        branches = value["branches"] if isinstance(value["branches"], list) else []
        nodes = self._list(branches, path, depth)
        if not nodes:
            self.form.fault(path, "parallel", "has no branches", got=value["branches"], fix=IGNORED)
            return None
        if value["merge"] is None:
            self.form.fault(path, "parallel", "names no merge", expected=either(MERGES), fix="read as merge: concat")
            return Parallel(nodes, "concat")
        return Parallel(nodes, self.form.merge(value["merge"], path, "parallel"))

    def _shared(self, value: Any, path: Path) -> Node | None:
        """`shared: path`, or its node and whether it is transposed by name."""
        if not isinstance(value, dict):
            value = {"node": value}
        value = self.form.keys(value, path, "shared", ("node", "transposed"))
        node, transposed = value["node"], value["transposed"]
        if isinstance(node, float):
            what = "a path that looks like a number needs quotes: 0.10 would be 0.1"
            self.form.fault(path, "shared", what, got=node, fix=f"read as {node!r} in quotes")
            node = repr(node)
        if not isinstance(node, str | int) or isinstance(node, bool) or not str(node):
            self.form.fault(path, "shared", "names no node", expected="the path of a node", got=node, fix=IGNORED)
            return None
        if not isinstance(transposed, bool | None):
            what = f"transposed: expected true or false, got {quoted(transposed)}"
            self.form.fault(path, "shared", what, fix="read as transposed: false")
        return Shared(str(node), transposed is True)

    def _times(self, times: Any, path: Path) -> int:
        if isinstance(times, int) and not isinstance(times, bool) and times > 0:
            return times
        near = int(times) if str(times).removesuffix(".0").isdecimal() else 1
        near = max(near, 1)
        what = f"times: expected a positive whole number, got {quoted(times)}"
        what = what if times is not None else "does not say how many times"
        self.form.fault(path, "repeat", what, fix=f"read as times: {near}")
        return near

    def _body(self, data: object, path: Path, block: str, depth: int) -> Node | None:
        if data is None or data == []:
            self.form.fault(path, block, "has no body", expected="body: a node or a list", fix=IGNORED)
            return None
        return self.node(data, (*path, "body"), depth + 1)


def _why_no_name(label: Any, taken: set[str]) -> str:
    """Why a node can't be called so, empty if it can."""
    if label is None:
        return ""
    if not isinstance(label, str) or not label or "." in label or label.isdecimal():
        return "a name must be a word without dots"
    return f"another node here is also called {label!r}" if label in taken else ""


def _nodes(data: list[Any]) -> bool:
    """Whether a list looks like nodes, not like the values of settings."""
    return bool(data) and all(isinstance(item, str | dict | list) for item in data)


def _open_settings(name: str) -> list[str]:
    """The settings that bare values stand for: those that the builder does not fill in, in their order."""
    from weftnet.architecture.schema import schema  # imports torch: only a faulty file needs it

    if name not in BLOCKS:
        return []
    form = schema(BLOCKS.get(name))
    return [key for key in form.settings if key not in form.filled]
