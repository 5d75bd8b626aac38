"""An architecture and its input signals → the same with every size filled in, and every fault on the way.

This is the walk over the combinators; `block.py` looks at one block, `wiring.py` at a graph. Where a node is at fault
the resolver looks for an edit that mends it (`repair.py`), tries it, and goes on from the mended node, so that all
faults of a file are found together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from weftnet.architecture.faults import Edit, Fault, edited
from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Block, Chain, Graph, Node, Parallel, Repeat, Residual, children, count
from weftnet.compose import merging
from weftnet.compose.block import BlockResolver
from weftnet.compose.flow import Flow, Path, Resolved, Result, combined
from weftnet.compose.graphs import no_name
from weftnet.compose.repair import Repair
from weftnet.compose.walk import After, Joined
from weftnet.compose.wiring import GraphResolver
from weftnet.errors import ArchitectureError

MAX_BLOCKS = 10_000


def resolve(node: Node, inputs: Mapping[str, Signal], part: str = "network") -> Resolved:
    """The node with every size filled in.

    Raises:
        ArchitectureError: with every fault.
    """
    resolved, faults = examine(node, inputs, part)
    if faults or resolved is None:
        raise ArchitectureError(faults)
    return resolved


def examine(node: Node, inputs: Mapping[str, Signal], part: str = "network") -> tuple[Resolved | None, list[Fault]]:
    """As `resolve`, but gives what could be resolved – mended where a fix was found – and the faults."""
    resolver = Resolver()
    flows = {name: Flow.of(signal, name) for name, signal in inputs.items()}
    result = resolver.root(node, flows, part)
    return (result[0] if result else None), resolver.faults


class Resolver:
    """One walk over an architecture.

    Args:
        mending: look for fixes; a trial of a fix does not, and keeps apart the minor faults, those of settings that
            have nothing to do with what comes in.
    """

    def __init__(self, mending: bool = True) -> None:
        self.faults: list[Fault] = []
        self.minor: list[Fault] = []
        self.mending = mending
        self.repair = Repair(attempt)

    def root(self, node: Node, flows: Mapping[str, Flow], part: str) -> Result:
        """The whole of a part, which reads the inputs by name."""
        if isinstance(node, Graph):
            return GraphResolver(self).resolve(node, flows, (), (part,))
        if len(flows) != 1:
            what = "only a graph reads several inputs" if flows else "nothing comes in"
            self.fault((part,), _name(node), what, reads="one input", given=", ".join(flows))
        if not flows:
            return None
        return self.node(node, next(iter(flows.values())), (), (part,))

    def node(self, node: Node, flow: Flow | None, path: Path, spec: Path) -> Result:
        """One node that reads one signal; `path` is the module's, `spec` the path in the file."""
        match node:
            case Block():
                return self.block(node, {"": flow}, path, spec)
            case Chain():
                return self.chain(node, flow, path, spec)
            case Residual():
                return self.residual(node, flow, path, spec)
            case Parallel():
                return self.parallel(node, flow, path, spec)
            case Repeat():
                return self.repeat(node, flow, path, spec)
            case Graph():
                flows = {} if flow is None else dict.fromkeys(node.inputs[:1], flow)
                return GraphResolver(self).resolve(node, flows, path, spec)

    def chain(self, node: Chain, flow: Flow | None, path: Path, spec: Path) -> Result:
        """Nodes one after another; after one at fault the rest is still looked at."""
        start, here, inside = flow, flow, {}
        for segment, child in self._labelled(node, spec):
            result = self.node(child, here, (*path, segment), (*spec, segment))
            here = result[1] if result else None
            if result:
                inside[segment] = result[0]
        if start is None or here is None:
            return None
        return combined("chain", path, start, here, inside)

    def _labelled(self, node: Chain | Parallel, spec: Path) -> list[tuple[str, Node]]:
        """The nodes inside with their segments of the path, which are names that submodules can have."""
        result: dict[str, Node] = {}
        for number, (segment, child) in enumerate(children(node)):
            why = no_name(segment) or (f"another node here is called {segment!r} too" if segment in result else "")
            if why or (child.label is not None and segment.isdecimal()):
                fix = Edit((*spec, segment), "label", None)
                self.fault((*spec, segment), "name", why or "a name is a word, not a number", fix=fix)
                segment, child = str(number), replace(child, label=None)
            result[segment] = child
        return list(result.items())

    def repeat(self, node: Repeat, flow: Flow | None, path: Path, spec: Path) -> Result:
        """The body several times over."""
        times = self._times(node, spec)
        body, children, here = node.body, {}, flow
        before: tuple[Signal, Resolved] | None = None
        places: set[Path] = set()
        for number in range(times):
            if here is None:
                return None
            if before is not None and before[0] == here.signal:  # a copy that reads the same is the same
                copy = before[1].moved(".".join((*path, str(number))), here.by)
                children[str(number)], here = copy, here.named(copy.path)
                before = (here.signal, copy)
                continue
            known = len(self.faults)
            result = self.node(body, here, (*path, str(number)), (*spec, "body"))
            fixes = [fault.fix for fault in self.faults[known:] if fault.fix]
            here_too = {fix.path for fix in fixes}
            if number and (result is None or (number > 2 and fixes) or here_too & places):
                del self.faults[known:]  # what mends this copy spoils those before
                what = f"copy {number + 1} can't read what the one before gives"
                fix = Edit(spec, "times", number)
                self.fault(spec, "repeat", what, reads=str(flow and flow.signal), given=str(here.signal), fix=fix)
                break
            places |= here_too
            if fixes:  # what mended the first copy is in every copy
                body = edited(body, (*spec, "body"), fixes)
            if result is None:
                return None
            before = (here.signal, result[0])
            here, children[str(number)] = result[1], result[0]
        if flow is None or here is None:
            return None
        return combined("chain", path, flow, here, children)

    def _times(self, node: Repeat, spec: Path) -> int:
        """How often, within reason."""
        inside = count(node.body)
        if inside * node.times <= MAX_BLOCKS:
            return node.times
        times = max(1, MAX_BLOCKS // inside)
        what = f"{inside * node.times} blocks are more than the {MAX_BLOCKS} that a network may have"
        self.fault(spec, "repeat", what, fix=Edit(spec, "times", times))
        return min(times, 2)

    def residual(self, node: Residual, flow: Flow | None, path: Path, spec: Path) -> Result:
        """A body and a shortcut that must give the same shape."""
        body = self.node(node.body, flow, (*path, "body"), (*spec, "body"))
        short = None
        if node.shortcut is not None:
            short = self.node(node.shortcut, flow, (*path, "shortcut"), (*spec, "shortcut"))
        if flow is None or body is None or (node.shortcut is not None and short is None):
            return None
        added = short[1] if short else flow
        if body[1].signal.sizes != added.signal.sizes or body[1].signal.axes != added.signal.axes:
            edit, mended = None, None
            if self.mending:
                edit, mended = self.repair.shortcut(flow, body[1], spec)
            what = f"the body's output can't be added to {'the shortcut' if short else 'what comes in'}"
            given, by = str(body[1].signal), ".".join((*path, "body"))
            self.fault(spec, "residual", what, reads=str(added.signal), given=given, by=by, fix=edit)
            if mended is None:
                return None
            short = self.node(mended, flow, (*path, "shortcut"), (*spec, "shortcut"))
            if short is None:
                return None
        children = {"body": body[0], **({"shortcut": short[0]} if short else {})}
        return combined("residual", path, flow, body[1], children)

    def parallel(self, node: Parallel, flow: Flow | None, path: Path, spec: Path) -> Result:
        """Branches and their merge."""
        if not node.branches:
            self.fault(spec, "parallel", "has no branches", fix=Edit(spec, "remove"))
            return None if flow is None else combined("chain", path, flow, flow, {})
        results = []
        for segment, branch in self._labelled(node, spec):
            results.append((segment, self.node(branch, flow, (*path, segment), (*spec, segment))))
        if flow is None or any(result is None for _, result in results):
            return None
        children = {segment: result[0] for segment, result in results if result}
        flows = [result[1] for _, result in results if result]

        def after(number: int, nodes: Sequence[Node]) -> Edit:
            return Edit((*spec, results[number][0]), "after", list(nodes))

        merged = self.merge(node.merge, flows, path, spec, "parallel", after)
        if merged is None:
            return None
        merge, added, given = merged
        for (segment, _), branch, extra in zip(results, node.branches, added, strict=True):
            if extra:
                result = self.node(Chain((branch, *extra)), flow, (*path, segment), (*spec, segment))
                if result is None:
                    return None
                children[segment] = result[0]
        return replace(combined("parallel", path, flow, given, children)[0], merge=merge), given

    def merge(
        self, merge: str, flows: Sequence[Flow], path: Path, spec: Path, block: str, after: After
    ) -> Joined | None:
        """How flows become one: the merge, the nodes each source needs for it, what it gives.

        `after` makes the edit that puts nodes behind a source.
        """
        here = ".".join(path)
        problem = merging.problem(merge, [flow.signal for flow in flows])
        if not problem:
            return merge, [()] * len(flows), merging.merged(merge, flows, here)
        found = self.repair.merge(merge, flows) if self.mending else None
        given = "; ".join(str(flow.signal) for flow in flows)
        by = ", ".join(flow.by for flow in flows)
        if found is None:
            self.fault(spec, block, f"{merge} {problem}", given=given, by=by)
            return None
        other, added = found
        fixes = [after(number, nodes) for number, nodes in enumerate(added) if nodes]
        if other != merge:
            fixes.append(Edit(spec, "merge", other))
        for number, fix in enumerate(fixes):
            what = f"{merge} {problem}" if number == 0 else f"{merge}: so for another source"
            self.fault(spec, block, what, given=given, by=by, fix=fix)
        mended = [self.repair.through(flow, nodes) for flow, nodes in zip(flows, added, strict=True)]
        return other, added, merging.merged(other, mended, here)

    def block(self, node: Block, flows: Mapping[str, Flow | None], path: Path, spec: Path) -> Result:
        """One block; `flows` by argument of forward, the empty name meaning the first."""
        return BlockResolver(self, flows, path, spec).resolve(node)

    def trial(self) -> "Resolver":
        """A resolver that tries a fix."""
        return Resolver(mending=False)

    def fault(self, path: Path, block: str, what: str, minor: bool = False, **more: Any) -> None:
        """Note a fault, once."""
        self.note(Fault(path, block, what, **more), minor)

    def note(self, fault: Fault, minor: bool) -> None:
        """Note a fault, once; while a fix is tried, minor ones apart."""
        faults = self.minor if minor and not self.mending else self.faults
        if fault not in faults:
            faults.append(fault)


def attempt(node: Node, flows: Mapping[str, Flow | None]) -> Flow | None:
    """The output of a node that has no fault at all, else None; `flows` as of `Resolver.block`."""
    trial = Resolver(mending=False)
    if isinstance(node, Block):
        result = trial.block(node, flows, (), ())
    else:
        result = trial.node(node, next(iter(flows.values())), (), ())
    return result[1] if result and not trial.faults else None


def _name(node: Node) -> str:
    return node.name if isinstance(node, Block) else type(node).__name__.lower()
