"""One block: does it exist, are its settings right, does it read what comes in, and what does it give?

The block is made on the meta device and run there, so what is promised is what happens: shapes come from running, not
from a second set of formulas. Where it is at fault the mended block is resolved in its place.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import torch
from pydantic import ValidationError
from torch import Tensor, nn

from weftnet.architecture.axes import Port, bind, clash, mismatch, output_axes
from weftnet.architecture.faults import Edit, quoted
from weftnet.architecture.schema import Schema, schema
from weftnet.architecture.signal import Dtype, Signal
from weftnet.architecture.spec import Block, Chain, Node
from weftnet.architecture.synonyms import BLOCKS as BLOCK_SYNONYMS
from weftnet.architecture.synonyms import SETTINGS as SETTING_SYNONYMS
from weftnet.architecture.synonyms import meant
from weftnet.blocks import BLOCKS
from weftnet.compose import merging
from weftnet.compose.flow import Bound, Flow, Path, Resolved, Result, combined
from weftnet.compose.one_step import OneStep
from weftnet.compose.repair import converted
from weftnet.compose.translate import sentence
from weftnet.compose.walk import Walk
from weftnet.errors import WeftnetError

Flows = Mapping[str, Flow | None]


class BlockResolver:
    """Resolves one block.

    Args:
        walk: the walk that came to the block; it records the faults.
        flows: what it reads, by argument of forward; the empty name means the first.
        path: the module's path.
        spec: the node's path in the file.
    """

    def __init__(self, walk: Walk, flows: Flows, path: Path, spec: Path) -> None:
        self.walk, self.flows, self.path, self.spec = walk, flows, path, spec

    def resolve(self, node: Block) -> Result:
        """The block with every size filled in, and what it gives."""
        if node.name not in BLOCKS:
            return self._unknown(node)
        try:
            form = schema(BLOCKS.get(node.name))
        except WeftnetError as error:
            self._fault(node, f"is no block: {error.what}", reads=error.expected)
            return None
        node = self._settings(node, form)
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
        outcome = self._run(node, form, bound)
        if isinstance(outcome, str):
            return self._misfit(node, outcome, "", _lead(bound))
        return outcome

    def _unknown(self, node: Block) -> Result:
        close = meant(node.name, BLOCKS.names(), BLOCK_SYNONYMS)
        edit, mended = None, None
        if self.walk.mending:
            edit, mended = self.walk.repair.name(node, self.flows, self.spec, close)
        self._fault(node, f"no block is called {node.name!r}", close=close, fix=edit)
        if isinstance(mended, Block):  # what else is wrong with it is told too
            return self.resolve(mended)
        return self._go_on(mended)

    def _settings(self, node: Block, form: Schema) -> Block:
        """The block with settings that exist and are of the right type; faults for the rest."""
        kept = dict(node.settings)
        open_to = [*(name for name in form.settings if name not in form.filled), *sorted(form.filled)]
        known = ", ".join(name for name in open_to if name not in form.filled) or "none"
        for name in [name for name in kept if name not in form.settings]:
            close = meant(name, [other for other in open_to if other not in kept], SETTING_SYNONYMS, 1)
            given = kept.pop(name)
            change: dict[str, Any] = {name: None}
            if close and close[0] not in form.filled:
                change[close[0]] = kept[close[0]] = given
            self._fault(
                node, f"has no setting {name!r}", minor=True,
                reads=f"settings {known}", close=close, fix=Edit(self.spec, "set", change),
            )  # fmt: skip
        for name, value in list(kept.items()):
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
        """Which flow goes into which argument; a sentence if they don't go together."""
        named = {(name or form.reads[0].name): flow for name, flow in self.flows.items()}
        by_name = {port.name: port for port in form.reads}
        if unknown := [name for name in named if name not in by_name]:
            return f"reads {' and '.join(by_name)}, and nothing called {unknown[0]!r}"
        if missing := [port.name for port in form.required if port.name not in named]:
            named_so = ", ".join(f"{port.name}: …" for port in form.required)
            return f"reads {' and '.join(missing)} too: a graph's node with from: {{{named_so}}}"
        return [(by_name[name], flow) for name, flow in named.items()]

    def _run(self, node: Block, form: Schema, bound: Bound) -> Result | str:
        """Make the block on meta and run it; a sentence if it refuses."""
        settings = self._filled(node, form, bound)
        if settings is None:
            return None
        lead = _lead(bound)
        try:
            with torch.device("meta"):
                module = form.cls(**settings)
            with OneStep():
                value, mask = call(module, form, bound)
        except Exception as error:  # a block is anyone's code; what it says becomes a fault
            return sentence(error)
        if not isinstance(value, Tensor):
            return f"forward gave {type(value).__name__}, not one tensor"
        if value.numel() > merging.MAX_VALUES:
            return f"gives {value.numel() // value.shape[0]} values, more than any machine holds"
        axes = output_axes(form.gives, _axes_of(bound), value.ndim - 1)
        if len(axes) != value.ndim - 1:
            return f"forward promised ({', '.join(form.gives)}) and gave {value.ndim} axes"
        for number, (name, (_, flow)) in enumerate(bound.items()):
            ends = number > 0 or mask is None  # where the mask ends, padding must have been told from values
            if flow.mask is not None and ends and form.mask_of(name) not in form.masks:
                return "would take padding for values: it does not read the mask"
        dtype: Dtype = "float" if value.is_floating_point() else "bool" if value.dtype == torch.bool else "int"
        known = lead.signal.known if dtype == "int" else {}
        signal = Signal(axes, tuple(value.shape[1:]), dtype, known, mask is not None)
        here = ".".join(self.path)
        signals = {name: flow.signal for name, (_, flow) in bound.items()}
        by = {name: flow.by for name, (_, flow) in bound.items()}
        resolved = Resolved(
            "block", here, node.name, signals, by, {"y": signal}, form.cls, settings,
            mask=form.fate(lead.signal),
        )  # fmt: skip
        return resolved, Flow(signal, value, mask, here)

    def _filled(self, node: Block, form: Schema, bound: Bound) -> dict[str, Any] | None:
        """All settings: those given, every size that the signals tell, and where one is missing what would do."""
        told: dict[str, int] = {}
        for port, flow in bound.values():
            told |= {axis: got[0][1] for axis, got in (bind(port.axes, flow.signal) or {}).items() if len(got) == 1}
            told |= flow.signal.known
        settings = dict(node.settings)
        for name in form.filled & told.keys():
            if name in settings and settings[name] != told[name]:
                lead = _lead(bound)
                what = f"{name} is {settings[name]}, and what comes in has {told[name]}"
                away = Edit(self.spec, "set", {name: None})
                self._fault(node, what, minor=True, given=str(lead.signal), by=lead.by, fix=away)
            settings[name] = told[name]
        unset = {name: value for name, value in settings.items() if isinstance(value, Unset)}
        settings = {name: value for name, value in settings.items() if name not in unset}
        missing = [name for name, setting in form.settings.items() if setting.required and name not in settings]
        if not missing:
            return settings
        found = self.walk.repair.missing(replace(node, settings=settings), form, missing, bound)
        for name in missing:
            what = unset[name].what if name in unset else f"needs the setting {name!r}"
            reads = "" if name in unset else f"{name}: {form.settings[name].type_name}"
            fix = Edit(self.spec, "set", {name: found[name]}) if found else None
            self._fault(node, what, minor=found is not None, reads=reads, fix=fix)
        return None if found is None else settings | found

    def _misfit(self, node: Block, what: str, reads: str, flow: Flow | None = None) -> Result:
        flow = flow or next(iter(self.flows.values()))
        edit, mended = None, None
        if self.walk.mending and flow is not None:
            node = replace(node, settings={k: v for k, v in node.settings.items() if not isinstance(v, Unset)})
            edit, mended = self.walk.repair.misfit(node, self.flows, self.spec, what)
        given, by = (str(flow.signal), flow.by) if flow else ("", "")
        self._fault(node, what, reads=reads, given=given, by=by, fix=edit)
        return self._go_on(mended)

    def _go_on(self, mended: Node | None) -> Result:
        """Resolve what the fix made of a node, so that the nodes after it are looked at too."""
        if mended is None:
            return None
        flow = next(iter(self.flows.values()))
        if isinstance(mended, Chain) and not mended.nodes:
            return None if flow is None else combined("chain", self.path, flow, flow, {})
        trial = self.walk.trial()
        result: Result = None
        if isinstance(mended, Block):
            result = trial.block(mended, self.flows, self.path, self.spec)
        else:
            with suppress(StopIteration):
                result = trial.node(mended, flow, self.path, self.spec)
        for fault in trial.minor:  # what else is wrong with the block: its settings
            moved = None if fault.fix is None else replace(fault.fix, path=self.spec)
            self.walk.note(replace(fault, path=self.spec, fix=moved), minor=True)
        return result

    def _fault(self, node: Block, what: str, minor: bool = False, **more: Any) -> None:
        self.walk.fault(self.spec, node.name, what, minor, **more)


class Unset:
    """Stands for a required setting whose value was of no use, and says why."""

    def __init__(self, what: str) -> None:
        self.what = what


def call(module: nn.Module, form: Schema, bound: Bound) -> tuple[Any, Tensor | None]:
    """Run a block on its flows: the output, and the mask that goes on with it."""
    arguments: dict[str, Tensor] = {name: flow.value for name, (_, flow) in bound.items()}
    for name, (_, flow) in bound.items():
        if flow.mask is not None and form.mask_of(name) in form.masks:
            arguments[form.mask_of(name)] = flow.mask
    value = module(**arguments)
    lead = _lead(bound)
    if lead.mask is None:
        return value, None
    match form.fate(lead.signal):
        case "keeps":
            return value, lead.mask
        case "moves" if hasattr(module, "next_mask"):
            return value, module.next_mask(lead.mask)  # type: ignore[operator]  # a method of the block
    return value, None


def _lead(bound: Bound) -> Flow:
    return next(iter(bound.values()))[1]


def _axes_of(bound: Bound) -> dict[str, tuple[tuple[str, int], ...]]:
    axes: dict[str, tuple[tuple[str, int], ...]] = {}
    for port, flow in reversed(list(bound.values())):
        axes |= bind(port.axes, flow.signal) or {}
    return axes
