"""Random architectures, valid or with faults: drawn block by block from the whole catalogue, so that each step fits.

A block's inputs and settings come from its schema; a draw is tried on the meta device and repeated if the block
rejects it. So every block that is added to the catalogue is drawn too.

    draw(signals, seed, size)              a valid architecture of about `size` blocks
    draw(signals, seed, size, faults=2)    the same with two edits that usually make it invalid

The same arguments give the same architecture: tests and benchmarks identify a case by its seed.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Literal, TypeAlias, get_args, get_origin

from weftnet.architecture.axes import mismatch
from weftnet.architecture.faults import Edit, apply
from weftnet.architecture.schema import Setting, schema
from weftnet.architecture.signal import Signal, parse
from weftnet.architecture.spec import (
    MERGES,
    Architecture,
    Block,
    Chain,
    Each,
    Graph,
    Node,
    Parallel,
    Repeat,
    Residual,
    Wire,
    children,
)
from weftnet.blocks import BLOCKS
from weftnet.compose.candidates import WIDTHS, foldings
from weftnet.compose.each import step_of
from weftnet.compose.flow import Flow
from weftnet.compose.merging import merged
from weftnet.compose.repair import Repair
from weftnet.compose.resolve import Resolver, attempt

#: the most values per example that a drawn block may give
LARGEST = 1 << 15
TRIES = 12
_WIDTHS = (6, 8, 12, 16, 24, 32, 48, 64)
Grown: TypeAlias = tuple[Node, Flow]


def draw(
    signals: Signal | str | Mapping[str, Signal | str], seed: int, size: int = 6, *, faults: int = 0
) -> Architecture:
    """A random architecture of the part `network`.

    Args:
        signals: the input; several by name become the inputs of a graph.
        seed: of the random choices.
        size: approximate number of blocks, repeats counted once.
        faults: number of edits that introduce faults; some of them leave it valid.
    """
    named = signals if isinstance(signals, Mapping) else {"x": signals}
    inputs = {name: parse(each) if isinstance(each, str) else each for name, each in named.items()}
    chance = random.Random(f"{seed} {size} {sorted(map(str, inputs.items()))}")
    grower = _Grower(chance)
    flows = {name: Flow.of(signal, name) for name, signal in inputs.items()}
    root = grower.several(flows, size) if len(flows) > 1 else grower.chain(flows[next(iter(flows))], size)[0]
    architecture = Architecture({"network": root}, {name: signal.text() for name, signal in inputs.items()})
    for _ in range(faults):
        architecture = apply(architecture, [_fault(architecture, chance)])
    return architecture


class _Grower:
    """Grows nodes on a flow; each is tried on it."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance
        self.repair = Repair(attempt)

    def chain(self, flow: Flow, size: int, ends: bool = True) -> tuple[Chain, Flow]:
        """Nodes one after another, about `size` blocks in all; unless it `ends`, it rarely drops an axis."""
        nodes: list[Node] = []
        while size > 0:
            node, flow = self.node(flow, size, ends)
            nodes.append(node)
            size -= _blocks(node)
        return Chain(tuple(nodes)), flow

    def node(self, flow: Flow, size: int, ends: bool = True) -> Grown:
        """One more node: a combinator if there is room and its branches can be made to fit, else a block."""
        if size > 1 and flow.signal.dtype == "float" and self.chance.random() < 0.4:
            make = self.chance.choice((self._residual, self._parallel, self._repeat, self._graph, *self._each(flow)))
            if grown := make(flow, max(size // 2, 1)):
                return grown
        return self.block(flow, last=ends and size <= 2)

    def block(self, flow: Flow, last: bool) -> Grown:
        """A block that reads the flow; one that drops an axis is more likely near the end."""
        names = [name for name in BLOCKS.names() if _reads(name, flow.signal)]
        for _ in range(TRIES * TRIES):
            node = Block(name := self.chance.choice(names), self._settings(name, flow.signal))
            after = _tried(node, flow)
            if after is None or after.signal.numel > LARGEST or min(after.signal.sizes, default=0) < 1:
                continue
            smaller = len(after.signal.axes) < len(flow.signal.axes) or after.signal.numel < 4
            if not smaller or last or self.chance.random() < 0.15:
                return node, after
        raise AssertionError(f"no block reads {flow.signal}")

    def several(self, flows: Mapping[str, Flow], size: int) -> Graph:
        """A graph that reads every input: each has a chain, and these join in a block that reads two, or in a merge."""
        share = max(size // (len(flows) + 1), 1)
        nodes: dict[str, Wire] = {}
        ends: list[tuple[str, Flow]] = []
        for name, flow in flows.items():
            chain, end = self.chain(flow, share, ends=False)
            nodes[f"from_{name}"] = Wire((name,), chain)
            ends.append((f"from_{name}", end))
        here = ends[0]
        for number, other in enumerate(ends[1:]):
            wires, end = self._meet(f"meet{number}", here, other)
            nodes |= wires
            here = f"meet{number}", end
        chain, _ = self.chain(here[1], share)
        nodes["end"] = Wire((here[0],), chain)
        return Graph(tuple(flows), nodes, ("end",))

    def _meet(self, name: str, one: tuple[str, Flow], two: tuple[str, Flow]) -> tuple[dict[str, Wire], Flow]:
        names = [name for name in BLOCKS.names() if len(schema(BLOCKS.get(name)).required) == 2]
        for block in self.chance.sample(names, len(names)) if self.chance.random() < 0.6 else ():
            ports = [port.name for port in schema(BLOCKS.get(block)).required]
            for _ in range(TRIES):
                node = Block(block, self._settings(block, one[1].signal))
                result = Resolver(fixing=False).block(node, dict(zip(ports, (one[1], two[1]), strict=True)), (), ())
                if result:
                    return {name: Wire(dict(zip(ports, (one[0], two[0]), strict=True)), node)}, result[1]
        flows = [one[1], two[1]]
        repaired = self.repair.merge(self.chance.choice(MERGES), flows)
        flat = (Block("flatten"),)
        merge, added = repaired or ("concat", [flat, flat])
        wires, sources = {}, []
        for (source, _), nodes in zip((one, two), added, strict=True):
            if nodes:
                wires[f"{source}_to_{name}"] = Wire((source,), Chain(tuple(nodes)))
            sources.append(f"{source}_to_{name}" if nodes else source)
        ends = [self.repair.through(flow, nodes) for flow, nodes in zip(flows, added, strict=True)]
        return {**wires, name: Wire(tuple(sources), None, merge)}, merged(merge, ends, name)

    def _residual(self, flow: Flow, size: int) -> Grown | None:
        body, end = self.chain(flow, size)
        if (end.signal.axes, end.signal.sizes) == (flow.signal.axes, flow.signal.sizes):
            return _checked(Residual(body), flow)
        _, shortcut = self.repair.shortcut(flow, end, ())
        return None if shortcut is None else _checked(Residual(body, shortcut), flow)

    def _parallel(self, flow: Flow, size: int) -> Grown | None:
        grown = [self.chain(flow, max(size // 2, 1)) for _ in range(self.chance.choice((2, 2, 3)))]
        repaired = self.repair.merge(self.chance.choice(MERGES), [end for _, end in grown])
        if repaired is None:
            return None
        merge, added = repaired
        branches = tuple(Chain((*chain.nodes, *more)) for (chain, _), more in zip(grown, added, strict=True))
        return _checked(Parallel(branches, merge), flow)

    def _repeat(self, flow: Flow, size: int) -> Grown | None:
        return _checked(Repeat(self.chance.choice((2, 3)), self.chain(flow, size)[0]), flow)

    def _each(self, flow: Flow) -> list[Callable[[Flow, int], "Grown | None"]]:
        """A body for every step, where a step is more than a value."""
        if flow.signal.axes[:1] != ("time",) or len(flow.signal.axes) < 2:
            return []

        def make(flow: Flow, size: int) -> Grown | None:
            return _checked(Each(self.chain(step_of(flow), size)[0]), flow)

        return [make]

    def _graph(self, flow: Flow, size: int) -> Grown | None:
        """The input is read twice: by a first chain, and by the merge that follows it."""
        first, end = self.chain(flow, max(size // 2, 1))
        repaired = self.repair.merge(self.chance.choice(MERGES), [flow, end])
        if repaired is None or repaired[1][1]:
            return None
        merge, (before, _) = repaired
        wires = {"first": Wire(("here",), first)}
        if before:
            wires["beside"] = Wire(("here",), Chain(tuple(before)))
        wires["both"] = Wire(("beside" if before else "here", "first"), None, merge)
        return _checked(Graph(("here",), wires, ("both",)), flow)

    def _settings(self, name: str, signal: Signal) -> dict[str, Any]:
        """Every required setting and some of the optional ones."""
        form = schema(BLOCKS.get(name))
        chosen: dict[str, Any] = {}
        for setting in form.settings.values():
            if setting.name not in form.filled and (setting.required or self.chance.random() < 0.35):
                value = self._value(setting, signal)
                if value is not None:
                    chosen[setting.name] = value
        return chosen

    def _value(self, setting: Setting, signal: Signal) -> Any:
        """A value of the setting's type: a width, a small number, or a divisor of an input size."""
        options = [option for option in (setting.annotation, *get_args(setting.annotation)) if option is not type(None)]
        kinds = [o for o in options if o in (int, float, bool) or get_origin(o) in (Literal, list)]
        kind = self.chance.choice(kinds) if kinds else None
        if get_origin(kind) is Literal:
            return self.chance.choice(get_args(kind))
        if kind is bool:
            return self.chance.random() < 0.5
        if kind is float:
            usual = setting.default or 0.2
            return round(usual * self.chance.choice((0.5, 1.0, 1.5)), 12)
        if kind is int:
            return self.chance.choice(_numbers(setting, signal))
        if get_origin(kind) is list and setting.required and len(options) == 1:  # a shape
            return self.chance.choice(foldings(signal.numel, self.chance.choice((1, 2, 3))))
        return [self.chance.randint(1, 4) for _ in range(2)] if kind is not None else None


def _numbers(setting: Setting, signal: Signal) -> Sequence[int]:
    """Whole numbers that may suit a setting."""
    if any(width in setting.name.split("_") for width in WIDTHS):
        return _WIDTHS
    usual = setting.default if isinstance(setting.default, int) else 2
    divisors = {d for size in signal.sizes for d in range(1, 17) if size % d == 0}
    near = {max(usual * share // 8, 1) for share in (1, 2, 4, 8)} if usual > 16 else {1, 2, 3, 4, usual}
    return sorted(near | divisors)


def _reads(name: str, signal: Signal) -> bool:
    required = schema(BLOCKS.get(name)).required
    return len(required) == 1 and not mismatch(required[0], signal)


def _tried(node: Node, flow: Flow) -> Flow | None:
    """The node's output; None if it has a fault."""
    trial = Resolver(fixing=False)
    result = trial.node(node, flow, (), ())
    return result[1] if result and not (trial.faults or trial.minor) else None


def _checked(node: Node, flow: Flow) -> Grown | None:
    """The node, if it has no fault as a whole and its output is not too large."""
    after = _tried(node, flow)
    return (node, after) if after is not None and after.signal.numel <= LARGEST else None


def _blocks(node: Node) -> int:
    """Blocks as written."""
    return sum(_blocks(child) for _, child in children(node)) or 1


def _fault(architecture: Architecture, chance: random.Random) -> Edit:
    """An edit that is likely to introduce a fault."""
    path, node = chance.choice([at for part, root in architecture.parts.items() for at in _walk(root, (part,))])
    match node:
        case Block():
            return chance.choice(_faults_of(node, path, chance))
        case Residual(_, shortcut) if shortcut is not None and chance.random() < 0.5:
            return Edit(path, "shortcut", None)
        case Parallel(_, merge) if chance.random() < 0.5:
            return Edit(path, "merge", chance.choice([other for other in MERGES if other != merge]))
        case Repeat() if chance.random() < 0.5:
            return Edit(path, "times", chance.choice((0, -1, 5)))
        case Graph(inputs, wires, _):
            name = chance.choice(list(wires))
            sources = wires[name].sources
            wrong = chance.choice((_misspelt(wires[name].names[0], chance), name, inputs[-1]))
            instead = {next(iter(sources)): wrong} if isinstance(sources, Mapping) else (wrong, *sources[1:])
            return Edit((*path, name), "sources", instead)
    return Edit(path, chance.choice(("before", "after")), [_any_block(chance)])


def _faults_of(node: Block, path: tuple[str, ...], chance: random.Random) -> list[Edit]:
    form = schema(BLOCKS.get(node.name)) if node.name in BLOCKS else None
    names = list(form.settings) if form else list(node.settings)
    edits = [
        Edit(path, "rename", _misspelt(node.name, chance)),
        Edit(path, "rename", chance.choice(BLOCKS.names())),
        Edit(path, "before", [_any_block(chance)]),
        Edit(path, "set", {"colour": 1}),
    ]
    if names:
        name = chance.choice(names)
        value = chance.choice((0, -1, 7, 1000, 0.5, 1.5, "8", "sam", True, [2, 3], [3]))
        edits += [Edit(path, "set", {name: value}), Edit(path, "set", {_misspelt(name, chance): 8})]
    if node.settings:
        edits.append(Edit(path, "set", {chance.choice(list(node.settings)): None}))
    return edits


def _any_block(chance: random.Random) -> Block:
    """Any block of the catalogue, with required settings that fit another input."""
    name = chance.choice(BLOCKS.names())
    form = schema(BLOCKS.get(name))
    needed = [setting for setting in form.settings.values() if setting.required and setting.name not in form.filled]
    somewhere = Signal(("time", "dim"), (8, 12))
    grower = _Grower(chance)
    return Block(name, {setting.name: grower._value(setting, somewhere) for setting in needed})


def _misspelt(word: str, chance: random.Random) -> str:
    at = chance.randrange(max(len(word) - 1, 1))
    return chance.choice((word[:at] + word[at + 1 :], word[: at + 1] + word[at:], word + "_"))


def _walk(node: Node, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Node]]:
    yield path, node
    for segment, child in children(node):
        yield from _walk(child, (*path, segment))
