"""What a network costs before it runs: parameters, FLOPs, saved activations, peak training memory – per node.

One training step runs on the meta device, which computes shapes and nothing else; `meter.py` counts along the way.

    flops      forward, per example; a multiplication and an addition count two; norms and elementwise count none
    saved      bytes of distinct storages, other than parameters, that autograd keeps for backward, at the batch size;
               counted at the node that saves them first
    peak       bytes allocated at the worst moment of a training step: weights, buffers, gradients, the optimiser's
               state, the batch, saved and temporary activations. Every storage is tracked from allocation to release,
               so the peak is less than the sum of these where activations are freed before the last gradients exist.

Kernels' own copies are in the peak as far as `scratch.py` knows them; fragmentation of the heap is not, which is why
`largest_batch` leaves a share of the memory free (`usable`). The prediction is for plain eager PyTorch in float32 on a
CPU, without the loss: not for the plans that `fit` tries (channels_last, an earlier pool, compile). Tied weights count
once. Measured: benchmarks/results/cost.md.
"""

import copy
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from weftnet.architecture.signal import Signal
from weftnet.compose.flow import TORCH, Resolved
from weftnet.compose.network import Network
from weftnet.compose.one_step import AllReal
from weftnet.cost.kernel_call import KernelCall, tensors_in
from weftnet.cost.kernels import Kernels
from weftnet.cost.meter import Meter
from weftnet.cost.room import largest, usable
from weftnet.errors import SettingError
from weftnet.optim import OPTIMISERS

#: kernel calls, and how often each
Calls = tuple[tuple[KernelCall, int], ...]


@dataclass(frozen=True)
class Row:
    """What one node costs.

    Args:
        path: the submodule's path in the network.
        block: the block's name; a merge's or a residual's own row has the combinator's.
        reads: the signals it reads, by argument.
        gives: the signal it gives.
        by: the paths of the nodes that give what it reads.
        parameters: its own, without those shared with a row above.
        flops: forward, per example.
        saved: bytes kept for backward at the batch size.
        forward: its kernel calls in the forward pass, and how often each.
        backward: those of the backward pass.
    """

    path: str
    block: str
    reads: Mapping[str, Signal]
    gives: Signal
    by: Mapping[str, str]
    parameters: int
    flops: int
    saved: int
    forward: Calls = field(default=(), repr=False)
    backward: Calls = field(default=(), repr=False)


@dataclass(frozen=True)
class Cost:
    """What a network costs; sizes in bytes, at the batch size.

    Args:
        rows: the nodes in the order they run.
        batch: examples in a batch.
        parameters: all of them, tied ones once; without adapters, which are merged in the end.
        trainable: those that receive gradients, adapters included.
        flops: forward, per example.
        training_flops: forward and backward, per example.
        weights: parameters and buffers.
        gradients: of the trainable parameters.
        state: what the optimiser keeps.
        saved: activations kept for backward.
        peak: the most that is allocated at once in a training step.
        optimiser: its name.
        update: the optimiser's kernel calls in a step.
    """

    rows: tuple[Row, ...]
    batch: int
    parameters: int
    trainable: int
    flops: int
    training_flops: int
    weights: int
    gradients: int
    state: int
    saved: int
    peak: int
    optimiser: str
    update: Calls = field(default=(), repr=False)

    def data(self) -> dict[str, Any]:
        """The cost as JSON."""
        names = ("batch", "parameters", "trainable", "flops", "training_flops", "weights", "gradients", "state")
        totals = {name: getattr(self, name) for name in (*names, "saved", "peak", "optimiser")}
        rows = [
            {
                "path": row.path, "block": row.block, "by": dict(row.by), "parameters": row.parameters,
                "reads": {name: str(signal) for name, signal in row.reads.items()}, "gives": str(row.gives),
                "flops": row.flops, "saved": row.saved,
            }
            for row in self.rows
        ]  # fmt: skip
        return {**totals, "rows": rows}


#: changes a network before it is costed: freezes parts of it, puts adapters beside weights; may be called again after
#: the network has changed its mode, and leaves in evaluation mode what is frozen
Tune = Callable[[nn.Module], None]


def cost(network: Network | Resolved, batch: int = 64, *, optimiser: str = "adamw", tune: Tune | None = None) -> Cost:
    """What a training step of the network costs at a batch size.

    Args:
        network: as built, or only resolved: then nothing is allocated, however large it is.
        batch: examples in a batch; a single one is run in evaluation mode, as batch norms refuse to train on it.
        optimiser: whose state is counted.
        tune: what is frozen or adapted; None where all of it is trained as it is.

    Raises:
        SettingError: the batch is not a positive number, or a block can't be run without values.
        UnknownName: no optimiser has that name.
    """
    if batch < 1:
        raise SettingError("a batch has at least one example", where="batch", got=str(batch))
    make = OPTIMISERS.get(optimiser)
    network = _on_meta(network).train(batch > 1)
    parameters = sum(p.numel() for p in network.parameters())
    if tune is not None:
        tune(network)
    inputs, masks = _inputs(network.inputs, batch)
    stay = [*network.parameters(), *network.buffers()]
    meter = Meter(iter([*stay, *inputs.values(), *masks.values()]), iter(stay))
    nodes = dict(_nodes(network.resolved, ""))
    _watch(network, nodes, meter)
    with meter, Kernels(meter), AllReal():
        with torch.autograd.graph.saved_tensors_hooks(meter.save, lambda tensor: tensor):
            try:
                outputs = network(inputs, masks or None)
            except (RuntimeError, NotImplementedError) as error:  # the builder has run it: its shapes fit
                what, node = "the cost is not known: a block reads values, while shapes alone are there", meter.node
                raise SettingError(what, where=node, got=str(error).split("\n")[0]) from error
        outputs = [y for y in (outputs.values() if isinstance(outputs, Mapping) else [outputs]) if y.requires_grad]
        meter.node, meter.backward = "", True
        if outputs:
            torch.autograd.backward(outputs, [torch.empty_like(y) for y in outputs])
        peak, trainable = meter.peak, [p for p in network.parameters() if p.requires_grad]
        state, meter.node = 0, "optimiser"
        if outputs and trainable:
            stepper = make(network.named_parameters())
            stepper.step()
            state = sum(map(_nbytes, {id(t): t for t in tensors_in(stepper.state)}.values()))
            if any(call.flops for call in meter.calls.get(("optimiser", True), ())):  # it keeps products while it steps
                peak = max(peak, meter.peak - state)
    rows = tuple(_rows(network, nodes, meter, batch))
    forward = sum(_flops(meter, path, False) for path in [*nodes, ""])
    backward = sum(_flops(meter, path, True) for path in [*nodes, ""])
    return Cost(
        rows=rows,
        batch=batch,
        parameters=parameters,
        trainable=sum(p.numel() for p in trainable),
        flops=forward // batch,
        training_flops=(forward + backward) // batch,
        weights=sum(map(_nbytes, stay)),
        gradients=sum(map(_nbytes, trainable)),
        state=state,
        saved=sum(meter.saved.values()),
        peak=peak + state,
        optimiser=optimiser,
        update=_update(meter, trainable, state),
    )


def largest_batch(network: Network | Resolved, memory: int, *, optimiser: str = "adamw") -> int:
    """The most examples in a batch whose training step fits into so many bytes; 0 if not even one does."""
    return largest(lambda batch: cost(network, batch, optimiser=optimiser).peak, usable(memory))


def _on_meta(network: Network | Resolved) -> Network:
    """The network on the meta device; no weight is copied, and frozen or tied weights stay so."""
    if isinstance(network, Resolved):
        with torch.device("meta"):
            return Network(network)
    memo: dict[int, Any] = {id(network.resolved): network.resolved}
    memo |= {id(signal): signal for signal in network.inputs.values()}
    for tensor in [*network.parameters(), *network.buffers()]:
        empty = torch.empty_like(tensor, device="meta", requires_grad=False)
        leaf = nn.Parameter(empty, tensor.requires_grad) if isinstance(tensor, nn.Parameter) else empty
        memo[id(tensor)] = leaf
    return copy.deepcopy(network, memo)


def _inputs(signals: Mapping[str, Signal], batch: int) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    inputs, masks = {}, {}
    for name, signal in signals.items():
        inputs[name] = torch.empty(signal.shape(batch), dtype=TORCH[signal.dtype], device="meta")
        if signal.padded:
            masks[name] = torch.empty((batch, signal.size("time")), dtype=torch.bool, device="meta")
    return inputs, masks


def _nodes(resolved: Resolved, path: str) -> Iterator[tuple[str, Resolved]]:
    """The blocks by path in the order they run; a combinator that computes comes after what it combines."""
    for segment, child in resolved.children.items():
        yield from _nodes(child, f"{path}.{segment}" if path else segment)
    if resolved.kind != "chain":
        yield path, resolved


def _watch(network: Network, nodes: Mapping[str, Resolved], meter: Meter) -> None:
    """Tell the meter which node runs; backward belongs to a node from where its output's gradient is known."""
    shared = {path for path, node in nodes.items() if node.kind == "shared"}  # they own what runs inside
    seen: list[Any] = []  # kept alive: a freed address may be used again

    def watch(path: str, module: nn.Module) -> None:
        before: list[str] = []

        def enter(*_: Any) -> None:
            before.append(meter.node)
            meter.node = meter.node if meter.node in shared else path

        def leave(_module: Any, _inputs: Any, output: Any) -> None:
            own, meter.node = meter.node, before.pop()
            for tensor in tensors_in(output):
                function = tensor.grad_fn
                if function is not None and all(function is not other for other in seen[-8:]):
                    seen.append(function)
                    function.register_prehook(lambda _gradients: setattr(meter, "node", own))

        module.register_forward_pre_hook(enter)
        module.register_forward_hook(leave)

    for path in nodes:
        watch(path, network.get_submodule(path))


def _rows(network: Network, nodes: Mapping[str, Resolved], meter: Meter, batch: int) -> Iterator[Row]:
    counted: set[int] = set()
    for path, node in nodes.items():
        forward, backward = (meter.calls.get((path, backward), Counter()) for backward in (False, True))
        if node.kind not in ("block", "shared") and not forward:
            continue  # a graph that only connects
        own = [p for p in network.get_submodule(path).parameters() if id(p) not in counted]
        counted |= {id(p) for p in own}
        name = node.name if node.merge is None else node.merge
        yield Row(
            path, name, node.reads, next(iter(node.gives.values())), node.by, sum(p.numel() for p in own),
            _flops(meter, path, False) // batch, meter.saved[path], tuple(forward.items()), tuple(backward.items()),
        )  # fmt: skip


def _flops(meter: Meter, path: str, backward: bool) -> int:
    return sum(call.flops * count for call, count in meter.calls.get((path, backward), Counter()).items())


def _update(meter: Meter, trainable: list[nn.Parameter], state: int) -> Calls:
    """The kernel calls of an update: the optimiser's matrix products, if any, and a fused kernel for each parameter.

    That reads weight, gradient and state, and writes weight and state.
    """
    ran = meter.calls.get(("optimiser", True), Counter())
    calls = Counter({call: count for call, count in ran.items() if call.flops})
    share = state / max(sum(map(_nbytes, trainable)), 1)
    for weight in trainable:
        calls[KernelCall("update", 0, round((3 + 2 * share) * _nbytes(weight)))] += 1
    return tuple(calls.items())


def _nbytes(tensor: Tensor) -> int:
    return tensor.numel() * tensor.element_size()
