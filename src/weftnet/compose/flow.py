"""What the resolver passes from node to node, and its result: a tree with every size filled in."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeAlias

import torch
from torch import Tensor, nn

from weftnet.architecture.axes import Port
from weftnet.architecture.schema import MaskFate
from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Wire

Kind: TypeAlias = Literal["block", "chain", "residual", "parallel", "each", "graph", "merge", "shared"]
#: dtype word → torch's
TORCH = {"float": torch.float32, "int": torch.int64, "bool": torch.bool}
#: Two examples distinguish the batch axis from an axis of size 1.
BATCH = 2


@dataclass(frozen=True)
class Flow:
    """A signal between two nodes: its meta tensor, its mask, and the path of the node it comes from."""

    signal: Signal
    value: Tensor
    mask: Tensor | None
    by: str

    @classmethod
    def of(cls, signal: Signal, by: str) -> "Flow":
        """An input of the network."""
        value = torch.empty(signal.shape(BATCH), dtype=TORCH[signal.dtype], device="meta")
        mask = None
        if signal.padded:
            mask = torch.empty((BATCH, signal.size("time")), dtype=torch.bool, device="meta")
        return cls(signal, value, mask, by)

    def real(self) -> "Flow":
        """The same with values: zeros, all of them real."""
        mask = None if self.mask is None else torch.ones(self.mask.shape, dtype=torch.bool)
        return replace(self, value=torch.zeros(self.value.shape, dtype=self.value.dtype), mask=mask)

    def named(self, by: str) -> "Flow":
        """The same signal, as the output of another node."""
        return replace(self, by=by)


@dataclass(frozen=True)
class Resolved:
    """A node with every size known.

    Args:
        kind: block, or which combinator; a `repeat` has become a chain of its copies.
        path: the submodule's path in the network.
        name: the block's name, or the combinator's.
        reads: the signals it reads, by argument or input name.
        by: the paths of the nodes they come from.
        gives: its outputs; one, named `y`, unless it is a graph with several.
        cls: the block's class; `nn.Module` itself for a combinator.
        settings: all its arguments, including those filled in.
        children: the nodes inside, by path segment.
        wires: a graph's wiring.
        merge: how branches or sources are merged.
        outputs: a graph's outputs.
        mask: what becomes of the input's mask in a block.
        others: the signals of a block's further outputs, by name.
        losses: the names of a block's auxiliary losses.
        target: the node that a shared one runs, resolved for what it reads here; None of a transposed one.
    """

    kind: Kind
    path: str
    name: str
    reads: Mapping[str, Signal]
    by: Mapping[str, str]
    gives: Mapping[str, Signal]
    cls: type[nn.Module] = nn.Module
    settings: Mapping[str, Any] = field(default_factory=dict)
    children: Mapping[str, "Resolved"] = field(default_factory=dict)
    wires: Mapping[str, Wire] = field(default_factory=dict)
    merge: str | None = None
    outputs: tuple[str, ...] = ()
    mask: MaskFate = "keeps"
    others: Mapping[str, Signal] = field(default_factory=dict)
    losses: tuple[str, ...] = ()
    target: "Resolved | None" = None

    @property
    def output(self) -> Signal:
        """Its only output."""
        (signal,) = self.gives.values()
        return signal

    def moved(self, path: str, by: str) -> "Resolved":
        """A copy of the node at another path that reads from another node."""
        (source,) = self.by.values()
        return self._moved(self.path, path, source, by)

    def _moved(self, old: str, new: str, old_by: str, new_by: str) -> "Resolved":
        def move(path: str) -> str:
            if path == old or path.startswith(old + "."):
                return new + path[len(old) :]
            return new_by if path == old_by else path

        by = {name: move(path) for name, path in self.by.items()}
        children = {segment: child._moved(old, new, old_by, new_by) for segment, child in self.children.items()}
        return replace(self, path=move(self.path), by=by, children=children)

    def leaves(self) -> "list[Resolved]":
        """The blocks, merges and shared nodes in execution order."""
        if self.kind in ("block", "merge", "shared"):
            return [self]
        return [leaf for child in self.children.values() for leaf in child.leaves()]


#: A path of a node: a submodule's in the network, or the node's own in the file.
Path: TypeAlias = tuple[str, ...]
#: A node with its output; None if it could not be resolved.
Result: TypeAlias = tuple[Resolved, Flow] | None
#: What a block reads, by argument of forward.
Bound: TypeAlias = Mapping[str, tuple[Port, Flow]]


def combined(kind: Kind, path: Path, start: Flow, end: Flow, children: Mapping[str, Resolved]) -> tuple[Resolved, Flow]:
    """A combinator with the input `start` and the output `end`, and the flow that continues from it."""
    here = ".".join(path)
    reads, by, gives = {"x": start.signal}, {"x": start.by}, {"y": end.signal}
    return Resolved(kind, here, kind, reads, by, gives, children=dict(children)), end.named(here or end.by)
