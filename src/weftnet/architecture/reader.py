"""One pass over the plain data of an architecture: what could be read, and every fault of its form.

Where it can tell what was meant it reads that, and the fault says so. What can't be read at all leaves an empty chain
in its place, so that the paths of all later faults are the file's, and the fault's edit takes it away.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from weftnet.architecture.faults import Edit, Fault, quoted, written
from weftnet.architecture.graph_reader import GraphReader
from weftnet.architecture.signal import KINDS, parse
from weftnet.architecture.spec import (
    COMBINATORS,
    MERGES,
    Architecture,
    Block,
    Chain,
    Node,
    Parallel,
    Repeat,
    Residual,
)
from weftnet.architecture.synonyms import MERGES as MERGE_SYNONYMS
from weftnet.architecture.synonyms import meant
from weftnet.blocks import BLOCKS
from weftnet.errors import SettingError, WeftnetError, closest

MAX_NODES, MAX_DEPTH = 20_000, 60
PathOf = tuple[str, ...]
LEFT_OUT = "left out"
#: The key of a combinator's mapping that a bare list stands for.
MAIN = {"residual": "body", "repeat": "body", "parallel": "branches"}


class Reader:
    """One reading; what it could not take as it stands is in `faults`.

    Args:
        where: what is read, for messages.
    """

    def __init__(self, where: str = "architecture") -> None:
        self.where = where
        self.faults: list[Fault] = []
        self.nodes = 0

    def architecture(self, data: Any) -> Architecture | None:
        """The architecture as far as it can be read."""
        if data is None:
            self.fault((), "architecture", "is empty", expected="a list of nodes, or chain: [...]")
            return None
        data = dict(data) if isinstance(data, dict) else {"chain": data} if isinstance(data, list) else data
        inputs: dict[str, str] = {}
        if isinstance(data, dict):
            for key in list(data):
                close = closest(str(key), ("inputs", "parts"), 1)
                if close and key not in ("inputs", "parts") and len(data) > 1 and key not in BLOCKS:
                    self.spelt((), "architecture", str(key), close[0])
                    data[close[0]] = data.pop(key)
            inputs = self._inputs(data.pop("inputs", {}))
            if "parts" in data:
                return self._parts(data, inputs)
        node = self.node(data, ("network",), 0)
        if node is None:
            return None
        if node == Chain():
            self.fault(("network",), "chain", "has no nodes", expected="at least one block")
            return None
        return Architecture({"network": node}, inputs)

    def _parts(self, data: dict[Any, Any], inputs: dict[str, str]) -> Architecture | None:
        parts = data.pop("parts")
        for key in data:
            self.fault((), "architecture", f"{key!r} stands beside parts", fix=f"{LEFT_OUT}: put it inside a part")
        if not isinstance(parts, dict) or not parts:
            self.fault((), "parts", "names no part", expected="a mapping of part to node", got=parts)
            return None
        nodes = {str(part): self.node(child, (str(part),), 0) for part, child in parts.items()}
        return Architecture({part: node for part, node in nodes.items() if node is not None}, inputs)

    def _inputs(self, data: Any) -> dict[str, str]:
        if isinstance(data, str):
            self.fault(
                (), "inputs", "names no input", expected="{name: signal}", got=data, fix=f"read as {{x: {data}}}"
            )
            data = {"x": data}
        if not isinstance(data, dict):
            self.fault((), "inputs", "is no mapping", expected="{name: signal}", got=data, fix=LEFT_OUT)
            return {}
        kept = {}
        for name, text in data.items():
            head, colon, sizes = str(text).partition(":")
            for meant_so in (str(text), *(near + colon + sizes for near in closest(head, KINDS, 1))):
                try:
                    parse(meant_so)
                except WeftnetError as error:
                    what = error.what
                else:
                    kept[str(name)] = meant_so
                    break
            if kept.get(str(name)) != str(text):
                fix = f"read as {kept[str(name)]}" if str(name) in kept else LEFT_OUT
                self.fault(("inputs", str(name)), "inputs", what, got=text, fix=fix)
        return kept

    def node(self, data: Any, path: PathOf, depth: int) -> Node | None:
        """A node as far as it can be read; None if nothing of it can."""
        self.nodes += 1
        if depth > MAX_DEPTH:
            raise SettingError("nests too deeply", where=self.where, expected=f"at most {MAX_DEPTH} levels")
        if self.nodes > MAX_NODES:
            raise SettingError("is too large", where=self.where, expected=f"at most {MAX_NODES} nodes")
        if isinstance(data, str) and data not in COMBINATORS:
            return Block(data)
        if isinstance(data, list):
            return Chain(self._list(data, path, depth))
        if isinstance(data, dict) and data:
            return self.mapping(dict(data), path, depth)
        self.fault(path, "node", "is no node", expected="a name, a mapping or a list", got=data, fix=LEFT_OUT)
        return None

    def _list(self, data: list[Any], path: PathOf, depth: int) -> tuple[Node, ...]:
        nodes: list[Node] = []
        taken: set[str] = set()
        for number, item in enumerate(data):
            label = item.get("name") if isinstance(item, dict) else None
            why = self._no_name(label, taken)
            segment = str(number) if label is None or why else str(label)
            node = self.node(item, (*path, segment), depth + 1)
            if why:
                self.fault((*path, segment), "name", why, got=label, fix="read without the name")
                node = node and replace(node, label=None)
            taken.add(segment)
            nodes.append(Chain() if node is None else node)
        return tuple(nodes)

    @staticmethod
    def _no_name(label: Any, taken: set[str]) -> str:
        """Why a node can't be called so, empty if it can."""
        if label is None:
            return ""
        if not isinstance(label, str) or not label or "." in label or label.isdecimal():
            return "a name is a word without dots"
        return f"another node here is called {label!r} too" if label in taken else ""

    def mapping(self, data: dict[Any, Any], path: PathOf, depth: int) -> Node | None:
        """`{name: settings}` or `{combinator: …}`, and its name if it has one."""
        label = data.pop("name", None)
        if len(data) != 1:
            return self._several(data, path, depth)
        ((key, value),) = data.items()
        key = str(key)
        if key not in COMBINATORS and key not in BLOCKS:
            close = closest(key, COMBINATORS, 1) or (("chain",) if isinstance(value, list) and _nodes(value) else ())
            if close and isinstance(value, list | dict):
                self.spelt(path, key, key, close[0])
                key = close[0]
        node = self._combinator(key, value, path, depth) if key in COMBINATORS else self._block(key, value, path)
        return node if node is None or label is None else replace(node, label=str(label))

    def _several(self, data: dict[Any, Any], path: PathOf, depth: int) -> Node | None:
        """A mapping that is not `{name: settings}`: a forgotten dash, or settings beside the name."""
        heads = [key for key in data if key in COMBINATORS or key in BLOCKS]
        if not data:
            self.fault(path, "node", "has a name and nothing else", fix=LEFT_OUT)
            return None
        if len(heads) == 1:
            head = heads[0]
            own = data[head] or {}
            if isinstance(own, list) and head in MAIN:
                own = {MAIN[head]: own}
            if isinstance(own, dict):
                beside = {key: value for key, value in data.items() if key != head}
                names = " and ".join(map(str, beside))
                what = f"{names} {'stands' if len(beside) == 1 else 'stand'} beside the name"
                self.fault(path, str(head), what, fix=f"read inside {head}: indent it")
                return self.mapping({head: {**own, **beside}}, path, depth)
        names = ", ".join(map(str, data))
        what = f"one mapping names several nodes: {names}"
        self._note(Fault(path, "node", what, fix=Edit(path, "splice")))
        return Chain(self._list([{key: value} for key, value in data.items()], path, depth))

    def _block(self, name: str, settings: Any, path: PathOf) -> Node:
        if settings is None:
            settings = {}
        if not isinstance(settings, dict):
            names = _settings_of(name)
            values = settings if isinstance(settings, list) and len(names) > 1 else [settings]
            named = dict(zip(names, values, strict=False))
            mend = f"read as {written(named)}" if named else LEFT_OUT
            what = "settings are a mapping of setting to value"
            self._note(Fault(path, name, what, given=written(settings), fix=Edit(path, "spelling", mend)))
            settings = named
        return Block(name, {str(key): value for key, value in settings.items()})

    def _combinator(self, key: str, value: Any, path: PathOf, depth: int) -> Node | None:
        match key:
            case "chain":
                if not isinstance(value, list):
                    self.fault(path, "chain", "is no list", got=value, fix="read as a list of one")
                    value = [value]
                return Chain(self._list(value, path, depth))
            case "residual":
                known = {"body": None, "shortcut": None}
                if not isinstance(value, dict) or not (value.keys() & known.keys()):
                    value = {"body": value}
                value = self.keys(value, path, "residual", known)
                body = self._inner(value["body"], path, "residual", depth)
                shortcut = value["shortcut"]
                short = None if shortcut is None else self.node(shortcut, (*path, "shortcut"), depth + 1)
                return None if body is None else Residual(body, short)
            case "parallel":
                return self._parallel(value, path, depth)
            case "repeat":
                value = self.keys(value, path, "repeat", {"times": None, "body": None})
                body = self._inner(value["body"], path, "repeat", depth)
                return None if body is None else Repeat(self._times(value["times"], path), body)
            case _:
                return GraphReader(self).graph(value, path, depth)

    def _parallel(self, value: Any, path: PathOf, depth: int) -> Node | None:
        if isinstance(value, list):
            value = {"branches": value}
        value = self.keys(value, path, "parallel", {"branches": None, "merge": None})
        branches = value["branches"] if isinstance(value["branches"], list) else []
        nodes = self._list(branches, path, depth)
        if not nodes:
            self.fault(path, "parallel", "has no branches", got=value["branches"], fix=LEFT_OUT)
            return None
        if value["merge"] is None:
            self.fault(path, "parallel", "names no merge", expected=_or(MERGES), fix="read as merge: concat")
            return Parallel(nodes, "concat")
        return Parallel(nodes, self.merge(value["merge"], path, "parallel"))

    def _times(self, times: Any, path: PathOf) -> int:
        if isinstance(times, int) and not isinstance(times, bool) and times > 0:
            return times
        near = int(times) if str(times).removesuffix(".0").isdecimal() else 1
        near = max(near, 1)
        what = f"times: expected a positive whole number, got {quoted(times)}"
        what = what if times is not None else "does not say how many times"
        self.fault(path, "repeat", what, fix=f"read as times: {near}")
        return near

    def _inner(self, data: Any, path: PathOf, block: str, depth: int) -> Node | None:
        if data is None or data == []:
            self.fault(path, block, "has no body", expected="body: a node or a list", fix=LEFT_OUT)
            return None
        return self.node(data, (*path, "body"), depth + 1)

    def merge(self, merge: Any, path: PathOf, block: str) -> str:
        """The name of a merge."""
        if merge in MERGES:
            return str(merge)
        close = meant(str(merge), MERGES, MERGE_SYNONYMS, 1)
        found = close[0] if close else "concat"
        what = f"no merge is called {written(merge)!r}"
        self.fault(path, block, what, expected=_or(MERGES), close=close, fix=f"read as merge: {found}")
        return found

    def keys(self, value: Any, path: PathOf, block: str, known: Mapping[str, Any]) -> dict[str, Any]:
        """A combinator's mapping with every known key, misspelt ones read as what they resemble."""
        if not isinstance(value, dict):
            if value is not None:
                self.fault(path, block, "is no mapping", expected=_or(known), got=value)
            return dict(known)
        result = {**known, **{key: item for key, item in value.items() if key in known}}
        for key, item in value.items():
            if key in known:
                continue
            close = closest(str(key), [name for name in known if name not in value], 1)
            if close:
                self.spelt(path, block, str(key), close[0])
                result[close[0]] = item
            else:
                self.fault(path, block, f"has no setting {str(key)!r}", expected=_or(known), fix=LEFT_OUT)
        return result

    def spelt(self, path: PathOf, block: str, got: str, intended: str) -> None:
        """Note a word that was read as another."""
        self.fault(path, block, f"{got!r} is not known here", close=(intended,), fix=f"read as {intended}")

    def fault(
        self, path: PathOf, block: str, what: str, *,
        expected: str = "", got: Any = None, close: tuple[str, ...] = (), fix: str = "",
    ) -> None:  # fmt: skip
        """Note a fault; `fix` says what was read instead."""
        given = "" if got is None else written(got)
        edit = Edit(path, "spelling", fix) if fix else None
        if fix == LEFT_OUT and path:
            edit = Edit(path, "remove")
        self._note(Fault(path or ("architecture",), block, what, expected, given[:77], close=close, fix=edit))

    def _note(self, fault: Fault) -> None:
        self.faults.append(fault)


def _nodes(data: list[Any]) -> bool:
    """Whether a list looks like nodes, not like the values of settings."""
    return bool(data) and all(isinstance(item, str | dict | list) for item in data)


def _settings_of(name: str) -> list[str]:
    """The settings that bare values must have meant: those that the builder does not fill in, in their order."""
    from weftnet.compose.axes import schema  # imports torch: only a faulty file needs it

    if name not in BLOCKS:
        return []
    form = schema(BLOCKS.get(name))
    return [key for key in form.settings if key not in form.filled]


def _or(names: Any) -> str:
    return " | ".join(names)
