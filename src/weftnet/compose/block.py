"""One block: does it exist, are its settings valid, does it fit its input, and what is its output?

The block is created on the meta device and run there, so that the promised shapes are the real ones: they come from
running it, not from a second set of formulas. In place of a block at fault the fixed one is resolved.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import torch
from pydantic import ValidationError
from torch import Tensor

from weftnet import plugins
from weftnet.architecture.axes import Port, bind, clash, mismatch, output_axes
from weftnet.architecture.faults import Edit, quoted
from weftnet.architecture.schema import SIZES, Schema, schema
from weftnet.architecture.signal import Dtype, Signal
from weftnet.architecture.spec import Block, Chain, Node
from weftnet.architecture.synonyms import BLOCKS as BLOCK_SYNONYMS
from weftnet.architecture.synonyms import SETTINGS as SETTING_SYNONYMS
from weftnet.architecture.synonyms import suggestions
from weftnet.blocks import BLOCKS
from weftnet.compose import merging
from weftnet.compose.first_run import LayersExceeded, facts, first_of, tried
from weftnet.compose.flow import Bound, Flow, Path, Resolved, Result, combined
from weftnet.compose.repair import converted
from weftnet.compose.translate import sentence
from weftnet.compose.walk import Walk
from weftnet.errors import WeftnetError

Flows = Mapping[str, Flow | None]


class BlockResolver:
    """Resolves one block.

    Args:
        walk: the walk that came to the block; it records the faults.
        flows: the block's input by argument of forward; the empty name means the first argument.
        path: the module's path.
        spec: the node's path in the file.
    """

    def __init__(self, walk: Walk, flows: Flows, path: Path, spec: Path) -> None:
        self.walk, self.flows, self.path, self.spec = walk, flows, path, spec

    def resolve(self, node: Block) -> Result:
        """The block with every size filled in, and its output."""
        if node.name not in BLOCKS:
            return self._unknown(node)
        try:
            form = schema(BLOCKS.get(node.name))
        except WeftnetError as error:
            self._fault(node, f"is not a block: {error.what}", reads=error.expected)
            return None
        node = self._checked_types(self._known_settings(node, form), form)
        ports = self._ports(form)
        if isinstance(ports, str):
            return self._misfit(node, ports, str(form.reads[0]))
        if any(flow is None for _, flow in ports):
            return None
        bound: Bound = {port.name: (port, flow) for port, flow in ports if flow is not None}
        bound = {port.name: bound[port.name] for port in form.reads if port.name in bound}
        for port, flow in bound.values():
            if why := mismatch(port, flow.signal):
                return self._misfit(node, why, str(port), flow)
        if why := clash({name: (port, flow.signal) for name, (port, flow) in bound.items()}):
            return self._misfit(node, why, ", ".join(str(port) for port, _ in bound.values()))
        settings = self._filled(node, form, bound)
        if settings is None:
            return None
        result = self._run(node, form, bound, settings)
        if isinstance(result, str):
            return self._misfit(node, result, UNDECLARED if form.plain else "", first_of(bound))
        return result

    def _unknown(self, node: Block) -> Result:
        close = suggestions(node.name, BLOCKS.names(), BLOCK_SYNONYMS)
        edit, fixed = None, None
        if self.walk.fixing:
            edit, fixed = self.walk.repair.name(node, self.flows, self.spec, close)
        remedy = plugins.remedy(node.name) or ("" if close else "a block of your own comes with --plugin FILE")
        what = ": ".join(filter(None, (f"no block is called {node.name!r}", remedy)))
        self._fault(node, what, close=close, fix=edit)
        if isinstance(fixed, Block):  # report its other faults too
            return self.resolve(fixed)
        return self._continue(fixed)

    def _known_settings(self, node: Block, form: Schema) -> Block:
        """The block with settings that its constructor has; a fault for every other one."""
        kept = dict(node.settings)
        free = [name for name in form.settings if name not in form.filled]
        for name in [name for name in kept if name not in form.settings]:
            options = [other for other in (*free, *sorted(form.filled)) if other not in kept]
            close = suggestions(name, options, SETTING_SYNONYMS, 1)
            value = kept.pop(name)
            change: dict[str, Any] = {name: None}
            if close and close[0] not in form.filled:
                change[close[0]] = kept[close[0]] = value
            self._fault(
                node, f"has no setting {name!r}", minor=True,
                reads=f"settings {', '.join(free) or 'none'}", close=close, fix=Edit(self.spec, "set", change),
            )  # fmt: skip
        return replace(node, settings=kept)

    def _checked_types(self, node: Block, form: Schema) -> Block:
        """The block with settings of the right type; a fault for every other one."""
        kept = dict(node.settings)
        for name, value in node.settings.items():
            setting = form.settings[name]
            try:
                kept[name] = setting.check(value)
            except ValidationError:
                what = f"{name}: expected {setting.type_name}, got {quoted(value)}"
                better = converted(setting, value, name in form.filled)
                if better is None and setting.required and name not in form.filled:
                    kept[name] = Unset(what)
                    continue
                self._fault(node, what, minor=True, fix=Edit(self.spec, "set", {name: better}))
                kept[name] = better
                if better is None:
                    del kept[name]
        return replace(node, settings=kept)

    def _ports(self, form: Schema) -> list[tuple[Port, Flow | None]] | str:
        """Which flow goes into which argument; a sentence if they do not fit together."""
        named = {(name or form.reads[0].name): flow for name, flow in self.flows.items()}
        by_name = {port.name: port for port in form.reads}
        if unknown := [name for name in named if name not in by_name]:
            return f"reads {' and '.join(by_name)}, but nothing called {unknown[0]!r}"
        if missing := [port.name for port in form.required if port.name not in named]:
            sources = ", ".join(f"{port.name}: …" for port in form.required)
            return f"also reads {' and '.join(missing)}: use a graph node with from: {{{sources}}}"
        return [(by_name[name], flow) for name, flow in named.items()]

    def _filled(self, node: Block, form: Schema, bound: Bound) -> dict[str, Any] | None:
        """All settings: the file's, the sizes that the inputs determine, and a working value for a missing one."""
        sizes = _sizes(bound)
        settings = dict(node.settings)
        for name in form.filled & sizes.keys():
            if name in settings and settings[name] != sizes[name]:
                what = f"{name} is {settings[name]}, but the input has {sizes[name]}"
                unset = Edit(self.spec, "set", {name: None})
                first = first_of(bound)
                self._fault(node, what, minor=True, received=str(first.signal), by=first.by, fix=unset)
            settings[name] = sizes[name]
        invalid = {name: value for name, value in settings.items() if isinstance(value, Unset)}
        settings = {name: value for name, value in settings.items() if name not in invalid}
        missing = [name for name, setting in form.settings.items() if setting.required and name not in settings]
        if not missing:
            return settings
        values = self.walk.repair.missing(replace(node, settings=settings), form, missing, bound)
        for name in missing:
            what = invalid[name].what if name in invalid else f"needs the setting {name!r}"
            reads = "" if name in invalid else f"{name}: {form.settings[name].type_name}"
            fix = Edit(self.spec, "set", {name: values[name]}) if values else None
            self._fault(node, what, minor=values is not None, reads=reads, fix=fix)
        return None if values is None else settings | values

    def _run(self, node: Block, form: Schema, bound: Bound, settings: dict[str, Any]) -> Result | str:
        """Create the block on meta and run it; a sentence if it fails or does not do what it declares."""
        try:
            value, mask = tried(form, bound, settings)
        except LayersExceeded as error:
            self._fault(node, error.what)
            return None
        except Exception as error:  # a block may be anyone's code; its error becomes a fault
            return sentence(error)
        named: dict[str, Any] = {}
        if form.several and isinstance(value, tuple):
            named, value = value._asdict(), value[0]  # type: ignore[attr-defined]  # its annotation is a named tuple
        if not isinstance(value, Tensor):
            return f"forward returned {type(value).__name__}, not one tensor"
        first = first_of(bound).signal
        same = form.plain and value.ndim == len(first.axes) + 1
        axes = first.axes if same else output_axes(form.gives, _axes(bound), value.ndim - 1)
        if why := _unusable(value, mask, axes, form, bound):
            return why
        signal = _signal(value, mask, axes, first)
        others = {}
        for name, declared in form.others.items():
            inside = output_axes(declared, _axes(bound), named[name].ndim - 1)
            if len(inside) != named[name].ndim - 1:
                return f"forward declares ({', '.join(declared)}) for {name} but returned {named[name].ndim} axes"
            other = _signal(named[name], mask if inside[:1] == axes[:1] == ("time",) else None, inside, first)
            known = facts(form, settings) if other.dtype == "int" else {}
            others[name] = replace(other, known={**other.known, **known})
        here = ".".join(self.path)
        resolved = Resolved(
            "block", here, node.name,
            reads={name: flow.signal for name, (_, flow) in bound.items()},
            by={name: flow.by for name, (_, flow) in bound.items()},
            gives={"y": signal}, cls=form.cls, settings=settings, mask=form.fate(first, signal.sizes),
            others=others, losses=form.losses,
        )  # fmt: skip
        return resolved, Flow(signal, value, mask, here)

    def _misfit(self, node: Block, what: str, reads: str, flow: Flow | None = None) -> Result:
        """Record that the block does not fit its input, and continue with the fixed one."""
        flow = flow or next(iter(self.flows.values()))
        edit, fixed = None, None
        if self.walk.fixing and flow is not None:
            node = replace(node, settings={k: v for k, v in node.settings.items() if not isinstance(v, Unset)})
            edit, fixed = self.walk.repair.misfit(node, self.flows, self.spec, what)
        received, by = (str(flow.signal), flow.by) if flow else ("", "")
        self._fault(node, what, reads=reads, received=received, by=by, fix=edit)
        return self._continue(fixed)

    def _continue(self, fixed: Node | None) -> Result:
        """Resolve the fixed node, so that the nodes after it are checked too."""
        if fixed is None:
            return None
        flow = next(iter(self.flows.values()))
        if isinstance(fixed, Chain) and not fixed.nodes:
            return None if flow is None else combined("chain", self.path, flow, flow, {})
        trial = self.walk.trial()
        result: Result = None
        if isinstance(fixed, Block):
            result = trial.block(fixed, self.flows, self.path, self.spec)
        else:
            with suppress(StopIteration):
                result = trial.node(fixed, flow, self.path, self.spec)
        for fault in trial.minor:  # the block's other faults: those of its settings
            moved = None if fault.fix is None else replace(fault.fix, path=self.spec)
            self.walk.note(replace(fault, path=self.spec, fix=moved), minor=True)
        return result

    def _fault(self, node: Block, what: str, minor: bool = False, **more: Any) -> None:
        self.walk.fault(self.spec, node.name, what, minor, **more)


#: what a block without annotations says about its input
UNDECLARED = "what its forward takes, which says nothing of shapes"


class Unset:
    """Stands for a required setting whose value is invalid, and says why."""

    def __init__(self, what: str) -> None:
        self.what = what


def _unusable(value: Tensor, mask: Tensor | None, axes: tuple[str, ...], form: Schema, bound: Bound) -> str:
    """Why a block's output cannot be used, empty if it can."""
    if why := merging.too_many(value.numel() // value.shape[0] if value.ndim and value.shape[0] else 0):
        return why
    if len(axes) != value.ndim - 1:
        return f"forward declares ({', '.join(form.gives)}) but returned {value.ndim} axes"
    for number, (name, (_, flow)) in enumerate(bound.items()):
        # where a mask ends, or nothing is declared, the block must have distinguished padding from values
        ends = number > 0 or mask is None or form.plain
        if flow.mask is not None and ends and form.mask_of(name) not in form.masks:
            return "would treat padding as values: it does not read the mask"
    return ""


def _signal(value: Tensor, mask: Tensor | None, axes: tuple[str, ...], first: Signal) -> Signal:
    """The signal of a block's output; integers keep the facts known of the first input."""
    dtype: Dtype = "float" if value.is_floating_point() else "bool" if value.dtype == torch.bool else "int"
    return Signal(axes, tuple(value.shape[1:]), dtype, first.known if dtype == "int" else {}, mask is not None)


def _sizes(bound: Bound) -> dict[str, int]:
    """Every size that the inputs determine, by the name of an axis or a fact."""
    sizes: dict[str, int] = {}
    for port, flow in bound.values():
        axes = bind(port.axes, flow.signal) or {}
        sizes |= {axis: matched[0][1] for axis, matched in axes.items() if len(matched) == 1}
        own = dict(zip(flow.signal.axes, flow.signal.sizes, strict=True))
        sizes |= {name: own[axis] for name, axis in SIZES.items() if name not in sizes and axis in own}
        sizes |= flow.signal.known
    return sizes


def _axes(bound: Bound) -> dict[str, tuple[tuple[str, int], ...]]:
    """Axis → what it stands for; where several arguments name an axis, the first decides."""
    axes: dict[str, tuple[tuple[str, int], ...]] = {}
    for port, flow in reversed(list(bound.values())):
        axes |= bind(port.axes, flow.signal) or {}
    return axes
