"""An architecture and its input signals → the same with every size filled in, and every fault on the way.

This is the walk over the combinators; `block.py` resolves one block, `wiring.py` a graph. Where a node is at fault
the resolver looks for an edit that fixes it (`repair.py`), tries it, and continues from the fixed node, so that all
faults of a file are reported together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from weftnet.architecture.faults import Edit, Fault, edited
from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import (
    Block,
    Chain,
    Each,
    Graph,
    Node,
    Parallel,
    Repeat,
    Residual,
    Shared,
    children,
    count,
)
from weftnet.base.limits import lifted, limit
from weftnet.compose import merging
from weftnet.compose.block import BlockResolver
from weftnet.compose.each import resolve_each
from weftnet.compose.flow import Flow, Path, Resolved, Result, combined
from weftnet.compose.graphs import why_no_name
from weftnet.compose.repair import Repair
from weftnet.compose.sharing import Known, resolve_shared
from weftnet.compose.walk import After, Joined
from weftnet.compose.wiring import GraphResolver
from weftnet.errors import ArchitectureError


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
    """Like `resolve`, but returns what could be resolved – fixed where there is a fix – and the faults."""
    resolver = Resolver()
    flows = {name: Flow.of(signal, name) for name, signal in inputs.items()}
    result = resolver.root(node, flows, part)
    return (result[0] if result else None), resolver.faults


class Resolver:
    """One walk over an architecture.

    Args:
        known: nodes that are resolved already, by path.
        fixing: look for fixes; a trial of a fix does not, and keeps apart the minor faults, those of settings that
            have nothing to do with the input.
    """

    def __init__(self, fixing: bool = True, known: Known | None = None) -> None:
        self.known: dict[str, tuple[Node, Resolved]] = dict(known or {})
        self.faults: list[Fault] = []
        self.minor: list[Fault] = []
        self.fixing = fixing
        self.repair = Repair(attempt)

    def root(self, node: Node, flows: Mapping[str, Flow], part: str) -> Result:
        """A whole part, which reads its inputs by name."""
        if isinstance(node, Graph):
            return GraphResolver(self).resolve(node, flows, (), (part,))
        if len(flows) != 1:
            what = "only a graph can read several inputs" if flows else "has no input"
            self.fault((part,), _name(node), what, reads="one input", received=", ".join(flows))
        if not flows:
            return None
        return self.node(node, next(iter(flows.values())), (), (part,))

    def node(self, node: Node, flow: Flow | None, path: Path, spec: Path) -> Result:
        """A node that reads one signal; `path` is the module's path, `spec` the path in the file."""
        result = self._node(node, flow, path, spec)
        if result is not None:
            self.known[".".join(path)] = node, result[0]
        return result

    def _node(self, node: Node, flow: Flow | None, path: Path, spec: Path) -> Result:
        match node:
            case Shared():
                shared = resolve_shared(self, self.known, node, flow, path, spec)
                for inner in [each for each in self.known if each.startswith(".".join(path) + ".")]:
                    del self.known[inner]  # what it runs has paths of its own
                return shared
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
            case Each():
                return resolve_each(self, node, flow, path, spec)
            case Graph():
                flows = {} if flow is None else dict.fromkeys(node.inputs[:1], flow)
                return GraphResolver(self).resolve(node, flows, path, spec)

    def block(self, node: Block, flows: Mapping[str, Flow | None], path: Path, spec: Path) -> Result:
        """One block; `flows` by argument of forward, where the empty name means the first."""
        return BlockResolver(self, flows, path, spec).resolve(node)

    def chain(self, node: Chain, flow: Flow | None, path: Path, spec: Path) -> Result:
        """Nodes one after another; after a node at fault the rest is still checked."""
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
        """The nodes inside with their path segments, all of them valid names of submodules."""
        result: dict[str, Node] = {}
        for number, (segment, child) in enumerate(children(node)):
            why = why_no_name(segment) or (f"another node here is also called {segment!r}" if segment in result else "")
            if why or (child.label is not None and segment.isdecimal()):
                fix = Edit((*spec, segment), "label", None)
                self.fault((*spec, segment), "name", why or "a name must be a word, not a number", fix=fix)
                segment, child = str(number), replace(child, label=None)
            result[segment] = child
        return list(result.items())

    def repeat(self, node: Repeat, flow: Flow | None, path: Path, spec: Path) -> Result:
        """Several copies of the body, one after another."""
        times = self._times(node, spec)
        body, copies, here = node.body, {}, flow
        previous: tuple[Signal, Resolved] | None = None
        inside: dict[str, tuple[Node, Resolved]] = {}
        fixed_places: set[Path] = set()
        for number in range(times):
            if here is None:
                return None
            if previous is not None and previous[0] == here.signal:  # the same input: the same copy
                copy = previous[1].moved(".".join((*path, str(number))), here.by)
                copies[str(number)], here = copy, here.named(copy.path)
                self.known |= {copy.path + inner: entry for inner, entry in inside.items()}
                previous = (here.signal, copy)
                continue
            known = len(self.faults)
            result = self.node(body, here, (*path, str(number)), (*spec, "body"))
            fixes = [fault.fix for fault in self.faults[known:] if fault.fix]
            places = {fix.path for fix in fixes}
            if number and (result is None or (number > 2 and fixes) or places & fixed_places):
                del self.faults[known:]  # a fix of this copy would break the copies before it
                what = f"copy {number + 1} can't read the output of copy {number}"
                fix = Edit(spec, "times", number)
                self.fault(spec, "repeat", what, reads=str(flow and flow.signal), received=str(here.signal), fix=fix)
                break
            fixed_places |= places
            if fixes:  # all copies share the body, and so its fixes
                body = edited(body, (*spec, "body"), fixes)
            if result is None:
                return None
            previous, inside = (here.signal, result[0]), self._inside(result[0].path)
            here, copies[str(number)] = result[1], result[0]
        if flow is None or here is None:
            return None
        return combined("chain", path, flow, here, copies)

    def _inside(self, path: str) -> dict[str, tuple[Node, Resolved]]:
        """What is known of a node and the nodes in it, by the rest of their paths."""
        return {
            known[len(path) :]: entry
            for known, entry in self.known.items()
            if known == path or known.startswith(path + ".")
        }

    def _times(self, node: Repeat, spec: Path) -> int:
        """The number of copies, within the limit of blocks."""
        inside = count(node.body)
        most = limit("blocks")
        if inside * node.times <= most:
            return node.times
        times = max(1, most // inside)
        what = f"{inside * node.times} blocks exceed the limit of {most}; {lifted('blocks')}"
        self.fault(spec, "repeat", what, fix=Edit(spec, "times", times))
        return min(times, 2)

    def residual(self, node: Residual, flow: Flow | None, path: Path, spec: Path) -> Result:
        """A body and a shortcut, whose outputs must have the same shape."""
        body = self.node(node.body, flow, (*path, "body"), (*spec, "body"))
        short = None
        if node.shortcut is not None:
            short = self.node(node.shortcut, flow, (*path, "shortcut"), (*spec, "shortcut"))
        if flow is None or body is None or (node.shortcut is not None and short is None):
            return None
        signal, added = body[1].signal, (short[1] if short else flow).signal
        if (signal.sizes, signal.axes) != (added.sizes, added.axes):
            edit, fixed = None, None
            if self.fixing:
                edit, fixed = self.repair.shortcut(flow, body[1], spec)
            what = f"the body's output can't be added to {'the shortcut' if short else 'the input'}"
            by = ".".join((*path, "body"))
            self.fault(spec, "residual", what, reads=str(added), received=str(signal), by=by, fix=edit)
            if fixed is None:
                return None
            short = self.node(fixed, flow, (*path, "shortcut"), (*spec, "shortcut"))
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

        joined = self.merge(node.merge, flows, path, spec, "parallel", after)
        if joined is None:
            return None
        merge, added, output = joined
        for (segment, _), branch, nodes in zip(results, node.branches, added, strict=True):
            if nodes:
                result = self.node(Chain((branch, *nodes)), flow, (*path, segment), (*spec, segment))
                if result is None:
                    return None
                children[segment] = result[0]
        return replace(combined("parallel", path, flow, output, children)[0], merge=merge), output

    def merge(
        self, merge: str, flows: Sequence[Flow], path: Path, spec: Path, block: str, after: After
    ) -> Joined | None:
        """Several flows as one: the merge that works, the nodes that each source needs for it, and its output.

        `after` makes the edit that inserts nodes after a source.
        """
        here = ".".join(path)
        problem = merging.problem(merge, [flow.signal for flow in flows])
        if not problem:
            return merge, [()] * len(flows), merging.merged(merge, flows, here)
        repaired = self.repair.merge(merge, flows) if self.fixing else None
        received = "; ".join(str(flow.signal) for flow in flows)
        by = ", ".join(flow.by for flow in flows)
        if repaired is None:
            self.fault(spec, block, f"{merge} {problem}", received=received, by=by)
            return None
        other, added = repaired
        fixes = [after(number, nodes) for number, nodes in enumerate(added) if nodes]
        if other != merge:
            fixes.append(Edit(spec, "merge", other))
        for number, fix in enumerate(fixes):
            what = f"{merge} {problem}" if number == 0 else f"{merge}: likewise for another source"
            self.fault(spec, block, what, received=received, by=by, fix=fix)
        outputs = [self.repair.through(flow, nodes) for flow, nodes in zip(flows, added, strict=True)]
        return other, added, merging.merged(other, outputs, here)

    def trial(self) -> "Resolver":
        """A resolver on which a fix is tried."""
        return Resolver(fixing=False, known=self.known)

    def fault(self, path: Path, block: str, what: str, minor: bool = False, **more: Any) -> None:
        """Record a fault, once."""
        self.note(Fault(path, block, what, **more), minor)

    def note(self, fault: Fault, minor: bool) -> None:
        """Record a fault, once; on a trial, minor ones apart."""
        faults = self.minor if minor and not self.fixing else self.faults
        if fault not in faults:
            faults.append(fault)


def attempt(node: Node, flows: Mapping[str, Flow | None]) -> Flow | None:
    """The output of a node that has no fault at all, else None; `flows` as for `Resolver.block`."""
    trial = Resolver(fixing=False)
    if isinstance(node, Block):
        result = trial.block(node, flows, (), ())
    else:
        result = trial.node(node, next(iter(flows.values())), (), ())
    return result[1] if result and not trial.faults else None


def _name(node: Node) -> str:
    return node.name if isinstance(node, Block) else type(node).__name__.lower()
