"""What the resolver carries from node to node, and what it leaves behind: a tree with every size filled in."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal

import torch
from torch import Tensor

from netloom.signal import Signal
from netloom.spec import Wire

#: dtype word → torch's
TORCH = {"float": torch.float32, "int": torch.int64, "bool": torch.bool}
#: Two examples tell a batch axis from one of size 1.
BATCH = 2


@dataclass(frozen=True)
class Flow:
    """A signal on its way: its meta tensor, its mask, and the path of the node that gave it."""

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

    def named(self, by: str) -> "Flow":
        """The same signal, as given by another node."""
        return replace(self, by=by)


@dataclass(frozen=True)
class Resolved:
    """A node with every size known.

    Args:
        kind: block, or which combinator; a `repeat` has become a chain of its copies.
        path: the submodule's path in the network.
        name: the block's name, or the combinator's.
        reads: the signals it reads, by argument or input name.
        by: the paths of the nodes that gave them.
        gives: the signals it gives; one, named `y`, unless it is a graph with several outputs.
        cls: the block's class.
        settings: all its arguments, filled ones too.
        children: what it is made of, by the segment of their path.
        wires: a graph's wiring.
        merge: how branches or sources become one.
        outputs: a graph's outputs.
    """

    kind: Literal["block", "chain", "residual", "parallel", "graph", "merge"]
    path: str
    name: str
    reads: Mapping[str, Signal]
    by: Mapping[str, str]
    gives: Mapping[str, Signal]
    cls: Any = None
    settings: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    children: Mapping[str, "Resolved"] = field(default_factory=lambda: MappingProxyType({}))
    wires: Mapping[str, Wire] = field(default_factory=lambda: MappingProxyType({}))
    merge: str | None = None
    outputs: tuple[str, ...] = ()

    @property
    def output(self) -> Signal:
        """The only signal it gives."""
        (signal,) = self.gives.values()
        return signal

    def leaves(self) -> "list[Resolved]":
        """The blocks and merges in the order they run."""
        if self.kind in ("block", "merge"):
            return [self]
        inner = [leaf for child in self.children.values() for leaf in child.leaves()]
        return inner
