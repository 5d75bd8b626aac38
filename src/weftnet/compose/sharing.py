"""Shared nodes: the weights of one node in several places. Resolving them, and the module that stands in their places.

The module holds no weights: it calls the node it names. So a parameter has one name, is saved, counted and updated
once, and gets the sum of the gradients of its places.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeAlias

import torch
from torch import Tensor, nn

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Node, Shared
from weftnet.compose.call import Call, Losses, Value
from weftnet.compose.flow import Flow, Path, Resolved, Result
from weftnet.compose.stepping import States
from weftnet.compose.translate import sentence
from weftnet.compose.walk import Walk
from weftnet.errors import closest

#: The nodes resolved so far, by path: as written, and with every size.
Known: TypeAlias = Mapping[str, tuple[Node, Resolved]]


class SharedNode(nn.Module):
    """Runs another node of the network.

    Args:
        resolved: the shared node.
    """

    def __init__(self, resolved: Resolved) -> None:
        super().__init__()
        self.path, self.transposed = str(resolved.settings["node"]), bool(resolved.settings["transposed"])
        again = resolved.target
        self._call = Call(again) if again is not None and again.kind == "block" else None
        self._target: tuple[nn.Module, ...] = ()  # in a tuple, a module is no submodule

    @property
    def target(self) -> nn.Module:
        """The node that it runs."""
        return self._target[0]

    def bind(self, network: nn.Module) -> None:
        """Find the node in its network."""
        self._target = (network.get_submodule(self.path),)

    def initial_state(self, batch: int, time: int) -> States:
        """What the node remembers here."""
        if self.transposed:
            return {}
        if self._call is None:
            states: States = self.target.initial_state(batch, time)  # type: ignore[operator]  # of a combinator
            return states
        return {"own": self._call.stepping.initial_state(self.target, batch, time)}

    def forward(
        self, x: Tensor, mask: Tensor | None = None, states: States | None = None, losses: Losses | None = None
    ) -> Value:
        """As a combinator: a value with its mask, or its next steps."""
        if self.transposed:
            return self.target.transposed(x), mask  # type: ignore[operator]  # the resolver has called it
        if self._call is None:
            result: Value = self.target(x, mask, states, losses)
            return result
        if states is None:
            return self._call.one(self.target, x, mask, losses)
        y, states["own"] = self._call.stepping.step(self.target, x, states["own"])
        return y, None


def shared_targets(model: nn.Module) -> set[int]:
    """The ids of modules that run in several places."""
    return {id(module.target) for module in model.modules() if isinstance(module, SharedNode)}


def resolve_shared(walk: Walk, known: Known, node: Shared, flow: Flow | None, path: Path, spec: Path) -> Result:
    """A shared node with its output: the node it names must fit what comes here, with the sizes it has."""
    if node.path not in known:
        close = closest(node.path, known)
        what = f"no node before it has the path {node.path!r}"
        walk.fault(spec, "shared", what, reads="the path of a node with one input", close=close)
        return None
    written, first = known[node.path]
    if first.kind == "shared":
        walk.fault(spec, "shared", f"{node.path} has no weights of its own", reads=str(first.settings["node"]))
        return None
    if flow is None:
        return None
    if node.transposed:
        return _transposed(walk, node, first, flow, path, spec)
    result = walk.node(written, flow, path, spec)
    if result is None:
        return None
    again, output = result
    if _sizes(again) != _sizes(first):
        wanted = str(next(iter(first.reads.values())))
        walk.fault(spec, "shared", f"{node.path} has weights for another size", reads=wanted,
                   received=str(flow.signal), by=flow.by)  # fmt: skip
        return None
    return _resolved(node, again, flow, output.signal, path), output


def _transposed(walk: Walk, node: Shared, first: Resolved, flow: Flow, path: Path, spec: Path) -> Result:
    if first.kind != "block" or not hasattr(first.cls, "transposed"):
        what = f"{node.path} ({first.name}) can't be transposed"
        walk.fault(spec, "shared", what, reads="the path of an embedding or a dense layer")
        return None
    try:
        with torch.device("meta"):
            module: Any = first.cls(**first.settings)
            value: Tensor = module.transposed(flow.value)
    except Exception as error:  # a block may be anyone's code; its error becomes a fault
        wanted = f"the output of {node.path}: {first.output}"
        walk.fault(spec, "shared", sentence(error), reads=wanted, received=str(flow.signal), by=flow.by)
        return None
    signal = replace(flow.signal, sizes=tuple(value.shape[1:]), known={})
    here = ".".join(path)
    return _resolved(node, None, flow, signal, path), Flow(signal, value, flow.mask, here)


def _resolved(node: Shared, again: Resolved | None, flow: Flow, gives: Signal, path: Path) -> Resolved:
    settings = {"node": node.path, "transposed": node.transposed}
    here, reads, by = ".".join(path), {"x": flow.signal}, {"x": flow.by}
    return Resolved("shared", here, "shared", reads, by, {"y": gives}, settings=settings, target=again)


def _sizes(resolved: Resolved) -> list[tuple[type[nn.Module], Mapping[str, Any]]]:
    """The classes and arguments of all blocks: what determines their weights."""
    return [(leaf.cls, leaf.settings) for leaf in resolved.leaves()]
