"""Builds and runs an architecture without the resolver: modules are created when they get a value, on real tensors.

The oracle for `check`. It knows the combinators and how a block's sizes follow from its input; it has no rules of its
own and fixes nothing: it rejects what torch and the blocks reject.
"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from weftnet.architecture.schema import FACTS, schema
from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Block, Chain, Each, Graph, Node, Parallel, Repeat, Residual
from weftnet.blocks import BLOCKS

Value = tuple[Tensor, Tensor | None]
#: bytes of a block's weights above which it isn't built: a wrong input may ask for a layer of any size
LARGEST = 256 << 20


class Naive(nn.Module):
    """Runs nodes once, creating their modules on the way."""

    def __init__(self, facts: Mapping[str, int]) -> None:
        super().__init__()
        self.facts, self.made = facts, nn.ModuleList()

    def node(self, node: Node, value: Value) -> Value:
        """A node's output for a value."""
        match node:
            case Block():
                return self.block(node, {"": value})
            case Chain(nodes):
                for child in nodes:
                    value = self.node(child, value)
                return value
            case Residual(body, shortcut):
                y, mask = self.node(body, value)
                other, _ = value if shortcut is None else self.node(shortcut, value)
                return _joined("add", [y, other]), mask
            case Parallel(branches, merge):
                values = [self.node(branch, value) for branch in branches]
                return _joined(merge, [y for y, _ in values]), values[0][1]
            case Repeat(times, body):
                if times < 1:
                    raise ValueError("repeated less than once")
                for _ in range(times):
                    value = self.node(body, value)
                return value
            case Each(body):
                steps, mask = value
                y, _ = self.node(body, (steps.flatten(0, 1), None))
                return y.unflatten(0, steps.shape[:2]), mask
            case Graph(inputs):
                (name,) = inputs
                return self.graph(node, {name: value})

    def graph(self, graph: Graph, values: Mapping[str, Value]) -> Value:
        """What a graph makes of its inputs; its nodes stand in the order they run."""
        here = dict(values)
        for name, wire in graph.nodes.items():
            given = [here[source] for source in wire.names]
            if isinstance(wire.sources, Mapping):
                assert isinstance(wire.node, Block)
                here[name] = self.block(wire.node, dict(zip(wire.sources, given, strict=True)))
                continue
            if len(given) > 1 and wire.merge is None:
                raise ValueError("several sources and no merge")
            value = given[0]
            if wire.merge:
                value = _joined(wire.merge, [y for y, _ in given]), given[0][1]
            here[name] = value if wire.node is None else self.node(wire.node, value)
        return here[graph.outputs[0]]

    def block(self, node: Block, values: Mapping[str, Value]) -> Value:
        """A block on its values, its sizes read off them."""
        cls = BLOCKS.get(node.name)
        form = schema(cls)
        named = {name or form.reads[0].name: value for name, value in values.items()}
        sizes: dict[str, int] = {}
        for port in form.reads:
            if port.name in named:
                sizes |= _sizes(port.axes, named[port.name][0])
        filled = {name: sizes[name] for name in form.filled if name in sizes}
        filled |= {name: self.facts[name] for name in form.filled if name in FACTS and name in self.facts}
        settings = {**filled, **node.settings}
        with torch.device("meta"):
            tensors = cls(**settings).state_dict().values()
        if sum(tensor.nbytes for tensor in tensors) > LARGEST:
            raise MemoryError(f"{node.name} has more weights than this oracle builds")
        module = cls(**settings)
        self.made.append(module)
        arguments: dict[str, Any] = {name: y for name, (y, _) in named.items()}
        for name, (_, mask) in named.items():
            if mask is not None and form.mask_of(name) in form.masks:
                arguments[form.mask_of(name)] = mask
        y = module(**arguments)
        if not y.numel():
            raise ValueError("nothing is left")
        mask = next(iter(named.values()))[1]
        if mask is not None and hasattr(module, "next_mask"):
            mask = module.next_mask(mask)
        return y, mask if mask is not None and y.ndim == 3 and y.shape[1] == mask.shape[1] else None


def run(node: Node, signals: Mapping[str, Signal], batch: int) -> Tensor:
    """Forward, backward, and the output; raises whatever goes wrong."""
    facts = {key: value for signal in signals.values() for key, value in signal.known.items()}
    values = {name: value_of(signal, batch) for name, signal in signals.items()}
    naive = Naive(facts).train()
    if isinstance(node, Graph):
        y, _ = naive.graph(node, values if len(values) > 1 else {node.inputs[0]: next(iter(values.values()))})
    else:
        (value,) = values.values()
        y, _ = naive.node(node, value)
    if y.requires_grad:
        y.sum().backward()
    return y


def value_of(signal: Signal, batch: int) -> Value:
    """Random values, and a mask that leaves at least one step."""
    shape = signal.shape(batch)
    mask = None
    if signal.padded:
        time = signal.size("time")
        mask = torch.arange(time) < torch.tensor([time - number % 2 * (time // 3) for number in range(batch)])[:, None]
    if signal.dtype == "int":
        return torch.randint(signal.known["vocabulary"], shape), mask
    return torch.randn(shape), mask


def _sizes(axes: tuple[str, ...], y: Tensor) -> dict[str, int]:
    star = next((number for number, axis in enumerate(axes) if axis.startswith("*")), len(axes))
    tail = axes[star + 1 :]
    pairs = [*zip(axes[:star], y.shape, strict=False), *zip(reversed(tail), reversed(y.shape), strict=False)]
    return dict(pairs)


def _joined(merge: str, values: list[Tensor]) -> Tensor:
    first = values[0]
    if merge == "concat":
        return torch.cat(values, dim={2: 1, 4: 1, 5: 2}.get(first.ndim, -1))
    if any(value.shape != first.shape for value in values):
        raise ValueError("shapes differ")
    if merge == "gate":
        value, gate = values
        return value * torch.sigmoid(gate)
    for value in values[1:]:
        first = first + value if merge == "add" else first * value
    return first
