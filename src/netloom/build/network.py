"""The network: the blocks of a resolved architecture, and how values and masks pass through them.

A module's path is its node's path: `network.get_submodule("3.body.0")` is the node that `check` prints as 3.body.0.
A sequence's mask (batch, time; True = real) travels beside its values and goes to every block that reads one.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor, nn

from netloom.build.axes import schema
from netloom.build.flow import Resolved
from netloom.build.merging import feature_axis, merge_masks, merge_tensors
from netloom.build.resolve import resolve
from netloom.errors import SettingError
from netloom.signal import Signal
from netloom.spec import Architecture

Value: TypeAlias = tuple[Tensor, Tensor | None]


@dataclass(frozen=True)
class _Call:
    """How a block is called: which masks it reads, and what becomes of the mask."""

    masks: Mapping[str, str]
    moves_time: bool
    keeps_time: bool

    def __call__(self, module: nn.Module, values: Mapping[str, Value]) -> Value:
        arguments = {name: value for name, (value, _) in values.items()}
        for name, mask_name in self.masks.items():
            mask = values[name][1]
            if mask is not None:
                arguments[mask_name] = mask
        mask = next(iter(values.values()))[1]
        if mask is not None:
            if self.moves_time:
                mask = module.next_mask(mask)  # type: ignore[operator]
            elif not self.keeps_time:
                mask = None
        return module(**arguments), mask


class _Leaf:
    """A block and its call; not a module, so that the block's path stays the node's."""

    def __init__(self, resolved: Resolved) -> None:
        form = schema(resolved.cls)
        first = form.reads[0].name
        names = {name: "mask" if name == first else f"{name}_mask" for name in resolved.reads}
        masks = {name: mask for name, mask in names.items() if mask in form.masks}
        keeps = "time" in resolved.output.axes
        self.call = _Call(masks, form.moves_time and keeps, keeps)
        self.names = tuple(resolved.reads)


class _Combined(nn.Module):
    """A combinator: its children as submodules, and what it makes of them."""

    def __init__(self, resolved: Resolved) -> None:
        super().__init__()
        self._take(resolved)

    def _take(self, resolved: Resolved) -> None:
        self._kind, self._merge = resolved.kind, resolved.merge
        self._leaves: dict[str, _Leaf] = {}
        self._feature = 1
        for segment, child in resolved.children.items():
            if child.kind == "block":
                self.add_module(segment, child.cls(**child.settings))
                self._leaves[segment] = _Leaf(child)
            else:
                self.add_module(segment, _Combined(child))
        if resolved.kind == "parallel":
            self._feature = feature_axis(next(iter(resolved.children.values())).output)
        if resolved.kind == "graph":
            self._inputs, self._outputs, self._wires = tuple(resolved.reads), resolved.outputs, resolved.wires
            signals = dict(resolved.reads)
            self._features: dict[str, int] = {}
            for name, wire in resolved.wires.items():
                self._features[name] = feature_axis(signals[wire.names[0]])
                signals[name] = resolved.children[name].output if name in resolved.children else signals[wire.names[0]]

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Value:
        """One signal through the combinator."""
        match self._kind:
            case "chain":
                value: Value = (x, mask)
                for segment in self._modules:
                    value = self._child(segment, value)
                return value
            case "residual":
                y, y_mask = self._child("body", (x, mask))
                short = self._child("shortcut", (x, mask))[0] if "shortcut" in self._modules else x
                return y + short, y_mask
            case "parallel":
                values = [self._child(segment, (x, mask)) for segment in self._modules]
                merged = merge_tensors(self._merge or "concat", [y for y, _ in values], self._feature)
                return merged, merge_masks([m for _, m in values])
            case _:
                outputs = self._graph({self._inputs[0]: (x, mask)})
                return outputs[self._outputs[0]]

    def _child(self, segment: str, value: Value) -> Value:
        module = self._modules[segment]
        assert module is not None  # children are never None; for the type checker
        leaf = self._leaves.get(segment)
        if leaf is None:
            result: Value = module(*value)
            return result
        return leaf.call(module, {leaf.names[0]: value})

    def _graph(self, values: Mapping[str, Value]) -> dict[str, Value]:
        """All outputs of a graph from all its inputs; the wires lie in the order they run."""
        here = dict(values)
        for name, wire in self._wires.items():
            sources = [here[source] for source in wire.names]
            leaf = self._leaves.get(name)
            if leaf is not None and wire.merge is None and len(leaf.names) > 1:
                module = self._modules[name]
                assert module is not None  # children are never None; for the type checker
                arguments = wire.sources if isinstance(wire.sources, Mapping) else leaf.names
                here[name] = leaf.call(module, dict(zip(arguments, sources, strict=True)))
                continue
            value = sources[0]
            if wire.merge is not None:
                merged = merge_tensors(wire.merge, [y for y, _ in sources], self._features[name])
                value = (merged, merge_masks([m for _, m in sources]))
            here[name] = self._child(name, value) if name in self._modules else value
        return {name: here[name] for name in self._outputs}


class Network(_Combined):
    """The network of one part.

    Args:
        resolved: the architecture with every size filled in.
    """

    def __init__(self, resolved: Resolved) -> None:
        nn.Module.__init__(self)
        if resolved.kind not in ("chain", "graph"):  # its path in the network is its block's name, or "0"
            path = resolved.name
            resolved = Resolved(
                "chain", "", "chain", resolved.reads, resolved.by, resolved.gives, children={path: resolved}
            )
        self._take(resolved)
        self.resolved = resolved
        self.inputs: dict[str, Signal] = dict(resolved.reads)

    @property
    def gives(self) -> Signal | dict[str, Signal]:
        """The output's signal, or all of them by name."""
        return self.resolved.output if len(self.resolved.gives) == 1 else dict(self.resolved.gives)

    def forward(  # type: ignore[override]
        self, inputs: Tensor | Mapping[str, Tensor], masks: Mapping[str, Tensor] | None = None
    ) -> Tensor | dict[str, Tensor]:
        """The output, or a graph's outputs by name.

        Args:
            inputs: a tensor for the only input, or tensors by the names of the inputs.
            masks: (batch, time) of the inputs that are padded, True = real.
        """
        outputs = self.run(inputs, masks)
        if len(outputs) == 1:
            return next(iter(outputs.values()))[0]
        return {name: value for name, (value, _) in outputs.items()}

    def run(self, inputs: Tensor | Mapping[str, Tensor], masks: Mapping[str, Tensor] | None = None) -> dict[str, Value]:
        """As `forward`, with the masks of the outputs."""
        if isinstance(inputs, Tensor):
            inputs = {next(iter(self.inputs)): inputs}
        if self._kind == "chain":
            ((name, x),) = inputs.items()
            return {"y": _Combined.forward(self, x, (masks or {}).get(name))}
        names = self._inputs
        if len(names) == 1 and len(inputs) == 1:
            ((name, x),) = inputs.items()
            return self._graph({names[0]: (x, (masks or {}).get(name))})
        if missing := [name for name in names if name not in inputs]:
            raise SettingError(f"the network reads {', '.join(names)}", got=", ".join(inputs), expected=missing[0])
        return self._graph({name: (inputs[name], (masks or {}).get(name)) for name in names})


def build(architecture: Architecture, inputs: Mapping[str, Mapping[str, Signal]], seed: int = 0) -> nn.ModuleDict:
    """The networks of an architecture by part, their weights drawn from the seed.

    Args:
        architecture: complete, heads included.
        inputs: each part's input signals by name.
        seed: of the initial weights; the same seed gives the same weights, bit for bit.

    Raises:
        ArchitectureError: with every fault of the first part that has any.
    """
    resolved = {part: resolve(node, inputs[part], part) for part, node in architecture.parts.items()}
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return nn.ModuleDict({part: Network(tree) for part, tree in resolved.items()})
