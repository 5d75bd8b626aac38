"""The network: the blocks of a resolved architecture, and how values and masks flow through them.

A module's path is its node's path: `network.get_submodule("3.body.0")` is the node that `check` prints as 3.body.0.
A sequence's mask (batch, time; True = real) accompanies its values and is passed to every block that reads one.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Architecture
from weftnet.compose.call import Call, Losses, Value
from weftnet.compose.each import on_each
from weftnet.compose.flow import Resolved
from weftnet.compose.graph_step import GraphStep
from weftnet.compose.merging import feature_axis, merge_masks, merge_tensors
from weftnet.compose.resolve import examine
from weftnet.compose.sharing import SharedNode
from weftnet.compose.stepping import States
from weftnet.errors import ArchitectureError, SettingError


class Combined(nn.Module):
    """A combinator: its children as submodules, and how it combines them.

    A chain's `_order` is the execution order; `rewrites.py` may change it where that changes no value.
    """

    whole: frozenset[str] = frozenset()
    """The inputs that are whole before the first step, where the others come step by step."""

    def __init__(self, resolved: Resolved, modules: Mapping[str, nn.Module] | None = None) -> None:
        super().__init__()
        self._kind, self._merge, self._feature = resolved.kind, resolved.merge or "", 1
        self._written = self._order = tuple(resolved.children)
        self._calls: dict[str, Call] = {}
        for segment, child in resolved.children.items():
            if child.kind == "block":
                self._calls[segment] = Call(child)
            if modules is not None:
                self.add_module(segment, modules[segment])
            elif child.kind == "block":
                self.add_module(segment, child.cls(**child.settings))
            elif child.kind == "shared":
                self.add_module(segment, SharedNode(child))
            else:
                self.add_module(segment, Combined(child))
        if resolved.kind == "parallel":
            self._feature = feature_axis(next(iter(resolved.children.values())).output)
        if resolved.kind == "graph":
            self._inputs, self._outputs = tuple(resolved.reads), resolved.outputs
            self._steps: list[GraphStep] = []
            signals = dict(resolved.reads)
            for name in resolved.wires:
                self._steps.append(GraphStep(name, resolved, signals))
                source = self._steps[-1].sources[0]
                node = resolved.children.get(name)
                signals[name] = signals[source] if node is None else node.output
                if node is not None:
                    signals |= {f"{name}.{output}": signal for output, signal in node.others.items()}

    def initial_state(self, batch: int, time: int) -> States:
        """What the nodes remember before the first of at most `time` steps."""
        states: States = {}
        if self._kind == "each":
            return states  # steps that are read one by one leave nothing to remember
        for step in self._steps if self._kind == "graph" else ():
            node, _, output = step.sources[0].partition(".")
            if output and self._calls[node].stepping.offers:
                raise SettingError(f"{node} gives no {output} step by step", where=f"node {step.name}")
            if self.whole & set(step.sources if not step.arguments else step.sources[:1]):
                raise SettingError(
                    "reads as steps what is whole", where=f"node {step.name}", got=", ".join(step.sources)
                )
        beside = {step.name for step in (self._steps if self._kind == "graph" else ()) if step.reads_whole(self.whole)}
        for segment in self._written:
            module = self._modules[segment]
            if isinstance(module, Combined | SharedNode):
                states[segment] = module.initial_state(batch, time)
            else:
                call, whole = self._calls[segment], segment in beside
                states[segment] = call.stepping.initial_state(module, batch, time, whole=whole)  # type: ignore[arg-type]  # children are never None
        return states

    def forward(
        self, x: Tensor, mask: Tensor | None = None, states: States | None = None, losses: Losses | None = None
    ) -> Value:
        """Run the combinator on one value; with states, on its next steps. Auxiliary losses are put into `losses`."""
        match self._kind:
            case "chain":
                for segment in self._order:
                    x, mask = self._child(segment, x, mask, states, losses)
                return x, mask
            case "residual":
                y, y_mask = self._child("body", x, mask, states, losses)
                if "shortcut" not in self._modules:
                    return y + x, y_mask
                short, short_mask = self._child("shortcut", x, mask, states, losses)
                return y + short, merge_masks([y_mask, short_mask])
            case "parallel":
                values = [self._child(segment, x, mask, states, losses) for segment in self._modules]
                merged = merge_tensors(self._merge, [y for y, _ in values], self._feature)
                return merged, merge_masks([m for _, m in values])
            case "each":
                return on_each(lambda step: self._child("body", step, None, None, losses)[0], x, mask, self.training)
            case _:
                return self._graph({self._inputs[0]: (x, mask)}, states, losses)[self._outputs[0]]

    def _child(
        self, segment: str, x: Tensor, mask: Tensor | None, states: States | None, losses: Losses | None
    ) -> Value:
        module: nn.Module = self._modules[segment]  # type: ignore[assignment]  # children are never None
        call = self._calls.get(segment)
        if call is None:
            result: Value = module(x, mask, None if states is None else states[segment], losses)
            return result
        if states is None:
            return call.one(module, x, mask, losses)
        y, states[segment] = call.stepping.step(module, x, states[segment])
        return y, None

    def _graph(
        self, values: Mapping[str, Value], states: States | None = None, losses: Losses | None = None
    ) -> dict[str, Value]:
        """All outputs of a graph from all its inputs; the steps are in execution order."""
        here = dict(values)
        for step in self._steps:
            sources = [here[source] for source in step.sources]
            if step.arguments:
                module: nn.Module = self._modules[step.name]  # type: ignore[assignment]  # children are never None
                named = dict(zip(step.arguments, sources, strict=True))
                if states is not None:
                    here[step.name] = self._calls[step.name].beside(module, named, states, step.name), None
                    continue
                self._put(here, step.name, self._calls[step.name].every(module, named, losses))
                continue
            x, mask = sources[0]
            if step.merge:
                x = merge_tensors(step.merge, [y for y, _ in sources], step.feature)
                mask = merge_masks([m for _, m in sources])
            call = self._calls.get(step.name)
            if call is not None and call.others and (states is None or not call.stepping.offers):
                one: nn.Module = self._modules[step.name]  # type: ignore[assignment]  # children are never None
                self._put(here, step.name, call.every(one, {call.arguments[0]: (x, mask)}, losses))
            elif step.name in self._modules:
                here[step.name] = self._child(step.name, x, mask, states, losses)
            else:
                here[step.name] = x, mask
        return {name: here[name] for name in self._outputs}

    @staticmethod
    def _put(here: dict[str, Value], name: str, outputs: Mapping[str, Value]) -> None:
        """A node's outputs among the values of its graph: the first under its name, others as `name.output`."""
        for output, value in outputs.items():
            here[f"{name}.{output}" if output else name] = value


class Network(Combined):
    """The network of one part.

    >>> network = weftnet.load("runs/digits").network
    >>> isinstance(network, weftnet.Network), network.gives.text()
    (True, 'vector:10')

    Args:
        resolved: the architecture with every size filled in.
        modules: of another network, by node, that this one is a part of (`dividing.py`); otherwise they are made.
    """

    def __init__(self, resolved: Resolved, modules: Mapping[str, nn.Module] | None = None) -> None:
        if resolved.kind not in ("chain", "graph"):  # a single node: its name is its path in the network
            children = {resolved.name: resolved}
            resolved = Resolved("chain", "", "chain", resolved.reads, resolved.by, resolved.gives, children=children)
        super().__init__(resolved, modules)
        self.resolved = resolved
        self.inputs: dict[str, Signal] = dict(resolved.reads)
        for module in self.modules() if modules is None else ():
            if isinstance(module, SharedNode):
                module.bind(self)
        self.losses: tuple[str, ...] = tuple(dict.fromkeys(name for row in self.rows for name in _losses(row)))
        self._given: Losses = {}

    @property
    def gives(self) -> Signal | dict[str, Signal]:
        """The output's signal, or all of them by name."""
        return self.resolved.output if len(self.resolved.gives) == 1 else dict(self.resolved.gives)

    @property
    def rows(self) -> list[Resolved]:
        """The blocks in execution order: path, name, inputs and the nodes they come from, output."""
        return self.resolved.leaves()

    def forward(  # type: ignore[override]
        self, inputs: Tensor | Mapping[str, Tensor], masks: Mapping[str, Tensor] | None = None
    ) -> Tensor | dict[str, Tensor]:
        """The output, or a graph's outputs by name.

        Args:
            inputs: a tensor for the only input, or tensors by the names of the inputs.
            masks: (batch, time) of the inputs that are padded, True = real.
        """
        return _bare(self.run(inputs, masks))

    def __getstate__(self) -> dict[str, Any]:
        """Without the losses of a pass: a copy has made none."""
        return {**self.__dict__, "_given": {}}

    def take_losses(self) -> dict[str, Tensor]:
        """The auxiliary losses of the passes in training mode since they were last taken, summed by name."""
        given, self._given = self._given, {}
        return {name: torch.stack(values).sum() for name, values in given.items()}

    def run(
        self,
        inputs: Tensor | Mapping[str, Tensor],
        masks: Mapping[str, Tensor] | None = None,
        states: States | None = None,
    ) -> dict[str, Value]:
        """Like `forward`, with the masks of the outputs; with states, the next steps."""
        values = self._values(inputs, masks or {})
        keep = self.losses and self.training and torch.is_grad_enabled()
        losses: Losses | None = self._given if keep else None
        if self._kind == "graph":
            return self._graph(values, states, losses)
        ((x, mask),) = values.values()
        return {"y": Combined.forward(self, x, mask, states, losses)}

    def initial_state(self, batch: int, time: int) -> States:
        """The state before the first step of a batch of sequences.

        Args:
            batch: how many sequences are continued at once.
            time: the most steps that will come.

        Raises:
            SettingError: the network can't work step by step; names the node and says why.
        """
        for name, signal in self.inputs.items():
            if signal.axes[:1] != ("time",) and name not in self.whole:
                raise SettingError("an input without time has no steps", where=f"input {name}", got=str(signal))
        return super().initial_state(batch, time)

    def step(
        self, inputs: Tensor | Mapping[str, Tensor], state: States, masks: Mapping[str, Tensor] | None = None
    ) -> tuple[Tensor | dict[str, Tensor], States]:
        """The outputs at the next steps, which equal those of `forward` over all steps so far, and the state after.

        Args:
            inputs: the next steps (batch, n, …) of every input, without padding; n may differ from call to call. Those
                that are `whole` are passed as they are, each time.
            state: from `initial_state` or the previous step; it is changed in place.
            masks: of the whole ones that are padded.

        Raises:
            SettingError: the network is in training mode: dropout and batch statistics would differ from step to step.
        """
        if self.training:
            raise SettingError("a network in training mode can't work step by step", fix="call its eval() first")
        return _bare(self.run(inputs, masks, states=state)), state

    def _values(self, inputs: Tensor | Mapping[str, Tensor], masks: Mapping[str, Tensor]) -> dict[str, Value]:
        """The inputs by name; a single one needs no name."""
        names = tuple(self.inputs)
        if isinstance(inputs, Tensor):
            inputs = {names[0]: inputs}
        if len(names) == len(inputs) == 1 and len(masks) <= 1:
            return {names[0]: (next(iter(inputs.values())), next(iter(masks.values()), None))}
        if missing := [name for name in names if name not in inputs]:
            raise SettingError(f"the network reads {', '.join(names)}", got=", ".join(inputs), expected=missing[0])
        if unknown := [name for name in masks if name not in inputs]:
            raise SettingError(f"a mask of {unknown[0]!r}, which is not an input", expected=", ".join(inputs))
        return {name: (inputs[name], masks.get(name)) for name in names}


def _losses(row: Resolved) -> list[str]:
    """The names of a node's auxiliary losses; a shared node gives those of the blocks it runs once more."""
    target = [] if row.target is None else [name for leaf in row.target.leaves() for name in leaf.losses]
    return [*row.losses, *target]


def _bare(outputs: Mapping[str, Value]) -> Tensor | dict[str, Tensor]:
    """The values without their masks; a single one without its name."""
    if len(outputs) == 1:
        return next(iter(outputs.values()))[0]
    return {name: value for name, (value, _) in outputs.items()}


def build(architecture: Architecture, inputs: Mapping[str, Mapping[str, Signal]], seed: int = 0) -> nn.ModuleDict:
    """The networks of an architecture by part, their weights drawn from the seed.

    >>> inputs = {"network": {"vector": weftnet.parse_signal("vector:13")}}
    >>> weftnet.build_networks(weftnet.ZOO.get("mlp")(widths=[8]), inputs)["network"](torch.ones(2, 13)).shape
    torch.Size([2, 8])

    Args:
        architecture: complete, with heads.
        inputs: each part's input signals by name.
        seed: of the initial weights; the same seed gives the same weights, bit for bit.

    Raises:
        ArchitectureError: with every fault of every part.
    """
    results = {part: examine(node, inputs[part], part) for part, node in architecture.parts.items()}
    faults = [fault for _, part_faults in results.values() for fault in part_faults]
    if faults:
        raise ArchitectureError(faults)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.ModuleDict({part: Network(tree) for part, (tree, _) in results.items() if tree is not None})
