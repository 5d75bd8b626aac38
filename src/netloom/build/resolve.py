"""An architecture and its input signals → the same with every size filled in, and every fault on the way.

Each block is made on the meta device and run there, so what is promised is what happens: shapes come from running,
not from a second set of formulas. Where a node is at fault the resolver looks for an edit that mends it (`repair.py`),
tries it, and goes on from the mended node, so that all faults of a file are found together.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import torch
from pydantic import ValidationError
from torch import Tensor

from netloom.blocks import BLOCKS
from netloom.build import merging, repair
from netloom.build.axes import Port, Schema, bind, complaint, mismatch, output_axes, schema
from netloom.build.flow import Flow, Resolved
from netloom.build.wiring import GraphResolver
from netloom.errors import ArchitectureError, NetloomError, closest
from netloom.faults import Edit, Fault, edited
from netloom.signal import Dtype, Signal
from netloom.spec import Block, Chain, Graph, Node, Parallel, Repeat, Residual

Path = tuple[str, ...]
Result = tuple[Resolved, Flow] | None


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
        mending: look for fixes; a trial of a fix does not.
    """

    def __init__(self, mending: bool = True) -> None:
        self.faults: list[Fault] = []
        self.mending = mending

    def root(self, node: Node, flows: Mapping[str, Flow], part: str) -> Result:
        """The whole of a part, which reads the inputs by name."""
        if isinstance(node, Graph):
            return GraphResolver(self).resolve(node, flows, (), (part,))
        if len(flows) != 1:
            named = ", ".join(flows) or "none"
            what = f"{named} come in, and only a graph reads several inputs"
            self.fault((part,), _name(node), what, reads="one input", given=named)
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
        start, here, children = flow, flow, {}
        for number, child in enumerate(node.nodes):
            segment = child.label or str(number)
            result = self.node(child, here, (*path, segment), (*spec, segment))
            here = result[1] if result else None
            if result:
                children[segment] = result[0]
        if start is None or here is None:
            return None
        return _combined("chain", path, start, here, children)

    def repeat(self, node: Repeat, flow: Flow | None, path: Path, spec: Path) -> Result:
        """The body several times over."""
        body, children, here = node.body, {}, flow
        for number in range(node.times):
            known = len(self.faults)
            result = self.node(body, here, (*path, str(number)), (*spec, "body"))
            fixes = [fault.fix for fault in self.faults[known:] if fault.fix]
            if fixes:  # what mended the first copy is in every copy
                body = edited(body, (*spec, "body"), fixes)
            if result is None:
                return None
            here, children[str(number)] = result[1], result[0]
        if flow is None or here is None:
            return None
        return _combined("chain", path, flow, here, children)

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
                edit, mended = repair.shortcut(node, flow, body[1], spec)
            self.fault(
                spec, "residual", "the body's output can't be added to the shortcut's", fix=edit,
                reads=str(added.signal), given=str(body[1].signal), by=".".join((*path, "body")),
            )  # fmt: skip
            if mended is None:
                return None
            short = self.node(mended, flow, (*path, "shortcut"), (*spec, "shortcut"))
            if short is None:
                return None
        children = {"body": body[0], **({"shortcut": short[0]} if short else {})}
        return _combined("residual", path, flow, body[1], children)

    def parallel(self, node: Parallel, flow: Flow | None, path: Path, spec: Path) -> Result:
        """Branches and their merge."""
        results = []
        for number, branch in enumerate(node.branches):
            segment = branch.label or str(number)
            results.append((segment, self.node(branch, flow, (*path, segment), (*spec, segment))))
        if flow is None or any(result is None for _, result in results):
            return None
        children = {segment: result[0] for segment, result in results if result}
        flows = [result[1] for _, result in results if result]
        targets = [(*spec, segment) for segment, _ in results]
        merged = self.merge(node.merge, flows, path, spec, "parallel", targets)
        if merged is None:
            return None
        merge, edits, given = merged
        for (segment, _), edit in zip(results, edits, strict=True):
            if edit is None:
                continue
            branch = next(b for i, b in enumerate(node.branches) if (b.label or str(i)) == segment)
            mended = edited(branch, (*spec, segment), [edit])
            result = self.node(mended, flow, (*path, segment), (*spec, segment))
            if result is None:
                return None
            children[segment] = result[0]
        resolved = replace(_combined("parallel", path, flow, given, children)[0], merge=merge)
        return resolved, given

    def merge(
        self, merge: str, flows: list[Flow], path: Path, spec: Path, block: str, targets: list[Path]
    ) -> tuple[str, list[Edit | None], Flow] | None:
        """How flows become one: the merge, the edit each source needs for it, what it gives."""
        here = ".".join(path)
        problem = merging.problem(merge, [flow.signal for flow in flows])
        if not problem:
            return merge, [None] * len(flows), merging.merged(merge, flows, here)
        found = repair.merge(merge, flows, spec, targets) if self.mending else None
        given = "; ".join(str(flow.signal) for flow in flows)
        by = ", ".join(flow.by for flow in flows)
        if found is None:
            self.fault(spec, block, f"{merge}: {problem}", given=given, by=by)
            return None
        other, edits = found
        changes = [edit for edit in edits if edit is not None]
        if other != merge:
            changes = [Edit(spec, "merge", other)]
        for number, change in enumerate(changes):
            what = f"{merge}: {problem}" if number == 0 else f"{merge}: another source of other sizes"
            self.fault(spec, block, what, given=given, by=by, fix=change)
        mended = [repair.mended_flow(flow, edit) for flow, edit in zip(flows, edits, strict=True)]
        return other, edits, merging.merged(other, mended, here)

    def block(self, node: Block, flows: Mapping[str, Flow | None], path: Path, spec: Path) -> Result:
        """One block; `flows` by argument of forward, the empty name meaning the first."""
        if node.name not in BLOCKS:
            return self._unknown(node, flows, path, spec)
        try:
            form = schema(BLOCKS.get(node.name))
        except NetloomError as error:
            self.fault(spec, node.name, f"is no block: {error.what}", reads=error.expected)
            return None
        node = self._settings(node, form, spec)
        ports = self._ports(form, flows)
        if isinstance(ports, str):
            return self._misfit(node, flows, path, spec, ports, str(form.reads[0]))
        if ports is None or any(flow is None for _, flow in ports):
            return None
        bound = {port.name: (port, flow) for port, flow in ports if flow is not None}
        for port, flow in bound.values():
            if why := mismatch(port, flow.signal):
                return self._misfit(node, flows, path, spec, why, str(port), flow)
        outcome = self._run(node, form, bound, path, spec)
        if isinstance(outcome, str):
            lead = next(iter(bound.values()))
            return self._misfit(node, flows, path, spec, outcome, str(lead[0]), lead[1])
        return outcome

    def _unknown(self, node: Block, flows: Mapping[str, Flow | None], path: Path, spec: Path) -> Result:
        close = closest(node.name, BLOCKS.names())
        edit, mended = None, None
        if self.mending:
            edit, mended = repair.name(node, flows, spec, close)
        self.fault(spec, node.name, f"no block is called {node.name!r}", close=close, fix=edit)
        if isinstance(mended, Block):  # what else is wrong with it is told too
            return self.block(mended, flows, path, spec)
        return self._go_on(mended, flows, path, spec)

    def _settings(self, node: Block, form: Schema, spec: Path) -> Block:
        """The block with settings that exist and are of the right type; faults for the rest."""
        kept = dict(node.settings)
        free = [name for name in form.settings if name not in kept]
        for name in list(kept):
            if name not in form.settings:
                close = tuple(c for c in closest(name, free) if c not in kept)
                change = {name: None, **({close[0]: kept[name]} if close else {})}
                if close:
                    kept[close[0]] = kept[name]
                del kept[name]
                known = ", ".join(form.settings) or "none"
                what, fix = f"has no setting {name!r}", Edit(spec, "set", change)
                self.fault(spec, node.name, what, reads=f"settings {known}", close=close, fix=fix)
        for name, value in list(kept.items()):
            setting = form.settings[name]
            try:
                kept[name] = setting.check(value)
            except ValidationError as error:
                better = repair.value(setting, value, name in form.filled)
                what = f"{name}: {complaint(error)}"
                fix = Edit(spec, "set", {name: better})
                self.fault(spec, node.name, what, reads=f"{name}: {setting.type_name}", given=repr(value), fix=fix)
                kept[name] = better
                if better is None:
                    del kept[name]
        return replace(node, settings=kept)

    def _ports(self, form: Schema, flows: Mapping[str, Flow | None]) -> list[tuple[Port, Flow | None]] | str | None:
        """Which flow goes into which argument; a sentence if they don't go together."""
        named = {(name or form.reads[0].name): flow for name, flow in flows.items()}
        by_name = {port.name: port for port in form.reads}
        if unknown := [name for name in named if name not in by_name]:
            return f"forward has no argument {unknown[0]!r}; it takes {', '.join(by_name)}"
        if missing := [port.name for port in form.required if port.name not in named]:
            return f"reads {' and '.join(missing)} too, which a graph's `from` must name"
        return [(by_name[name], flow) for name, flow in named.items()]

    def _run(
        self, node: Block, form: Schema, bound: Mapping[str, tuple[Port, Flow]], path: Path, spec: Path
    ) -> Result | str:
        """Make the block on meta and run it; a sentence if it refuses."""
        settings = self._fill(node, form, bound, spec)
        missing = [name for name, setting in form.settings.items() if setting.required and name not in settings]
        if missing:
            found = repair.missing(node, form, settings, missing, bound, spec) if self.mending else None
            for name in missing:
                fix = Edit(spec, "set", {name: found[name]}) if found else None
                reads = f"{name}: {form.settings[name].type_name}"
                self.fault(spec, node.name, f"needs the setting {name!r}", reads=reads, fix=fix)
            if found is None:
                return None
            settings |= found
        flow = next(iter(bound.values()))[1]
        try:
            with torch.device("meta"):
                module = form.cls(**settings)
            value, mask = call(module, form, bound)
        except (ValueError, TypeError, RuntimeError, IndexError, NotImplementedError, AssertionError) as error:
            return _sentence(error, node.name)
        if not isinstance(value, Tensor):
            return f"forward gave {type(value).__name__}, not one tensor"
        axes = output_axes(form, _axes_of(bound), value.ndim - 1)
        if len(axes) != value.ndim - 1:
            return f"forward promised ({', '.join(form.gives)}) and gave {value.ndim} axes"
        moved = "time" not in axes or form.moves_time
        if flow.mask is not None and moved and "mask" not in form.masks and mask is None:
            return "would lose which steps are padding: it does not read the mask"
        dtype: Dtype = "float" if value.is_floating_point() else "bool" if value.dtype == torch.bool else "int"
        known = flow.signal.known if dtype == "int" else {}
        signal = Signal(axes, tuple(value.shape[1:]), dtype, known, mask is not None)
        here = ".".join(path)
        signals = {name: flow.signal for name, (_, flow) in bound.items()}
        by = {name: flow.by for name, (_, flow) in bound.items()}
        resolved = Resolved("block", here, node.name, signals, by, {"y": signal}, form.cls, settings)
        return resolved, Flow(signal, value, mask, here)

    def _fill(self, node: Block, form: Schema, bound: Mapping[str, tuple[Port, Flow]], spec: Path) -> dict[str, Any]:
        """The settings with every size that the signals tell; a size given that is another is a fault."""
        told: dict[str, int] = {}
        for port, flow in bound.values():
            told |= {axis: got[0][1] for axis, got in (bind(port.axes, flow.signal) or {}).items() if len(got) == 1}
            told |= flow.signal.known
        settings = dict(node.settings)
        for name in form.filled & told.keys():
            if name in settings and settings[name] != told[name]:
                lead = next(iter(bound.values()))[1]
                self.fault(
                    spec, node.name, f"{name} is {settings[name]}, and what comes in has {told[name]}",
                    reads=f"{name}: {settings[name]}", given=str(lead.signal), by=lead.by,
                    fix=Edit(spec, "set", {name: None}),
                )  # fmt: skip
            settings[name] = told[name]
        return settings

    def _misfit(
        self, node: Block, flows: Mapping[str, Flow | None], path: Path, spec: Path, what: str, reads: str,
        flow: Flow | None = None,
    ) -> Result:  # fmt: skip
        flow = flow or next(iter(flows.values()))
        edit, mended = None, None
        if self.mending and flow is not None:
            edit, mended = repair.misfit(node, flows, spec, what)
        given, by = (str(flow.signal), flow.by) if flow else ("", "")
        self.fault(spec, node.name, what, reads=reads, given=given, by=by, fix=edit)
        return self._go_on(mended, flows, path, spec)

    def _go_on(self, mended: Node | None, flows: Mapping[str, Flow | None], path: Path, spec: Path) -> Result:
        """Resolve what the fix made of a node, so that the nodes after it are looked at too."""
        if mended is None:
            return None
        if isinstance(mended, Chain) and not mended.nodes:
            flow = next(iter(flows.values()))
            return None if flow is None else _combined("chain", path, flow, flow, {})
        trial = Resolver(mending=False)
        if isinstance(mended, Block):
            return trial.block(mended, flows, path, spec)
        with suppress(StopIteration):
            return trial.node(mended, next(iter(flows.values())), path, spec)
        return None

    def fault(self, path: Path, block: str, what: str, **more: Any) -> None:
        """Note a fault, once."""
        fault = Fault(path, block, what, **more)
        if fault not in self.faults:
            self.faults.append(fault)


def call(module: Any, form: Schema, bound: Mapping[str, tuple[Port, Flow]]) -> tuple[Any, Tensor | None]:
    """Run a block on its flows: the output, and the mask that goes on with it."""
    first = next(iter(bound.values()))[1]
    arguments: dict[str, Tensor] = {name: flow.value for name, (_, flow) in bound.items()}
    for name, (port, flow) in bound.items():
        mask_name = "mask" if port is form.reads[0] else f"{name}_mask"
        if flow.mask is not None and mask_name in form.masks:
            arguments[mask_name] = flow.mask
    value = module(**arguments)
    mask = first.mask
    if mask is not None:
        if form.moves_time:
            mask = module.next_mask(mask) if hasattr(module, "next_mask") else None
        else:
            timed = any(axis.split("_")[0] == "time" or axis.startswith("*") for axis in form.gives)
            if not timed or getattr(value, "ndim", 0) < 2 or value.shape[1] != mask.shape[1]:
                mask = None
    return value, mask


def _axes_of(bound: Mapping[str, tuple[Port, Flow]]) -> dict[str, tuple[tuple[str, int], ...]]:
    axes: dict[str, tuple[tuple[str, int], ...]] = {}
    for port, flow in reversed(list(bound.values())):
        axes |= bind(port.axes, flow.signal) or {}
    return axes


def _combined(kind: Any, path: Path, start: Flow, end: Flow, children: Mapping[str, Resolved]) -> tuple[Resolved, Flow]:
    here = ".".join(path)
    reads, by, gives = {"x": start.signal}, {"x": start.by}, {"y": end.signal}
    return Resolved(kind, here, kind, reads, by, gives, children=dict(children)), end.named(here or end.by)


def _name(node: Node) -> str:
    return node.name if isinstance(node, Block) else type(node).__name__.lower()


def _sentence(error: Exception, block: str) -> str:
    """A block's own complaint in one line."""
    text = str(error).strip().split("\n")[0] or type(error).__name__
    return text.removeprefix(f"{block}: ")
