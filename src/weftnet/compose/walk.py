"""What the resolvers of a block and of a graph need from the walk over the architecture that uses them."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

from weftnet.architecture.faults import Edit, Fault
from weftnet.architecture.spec import Block, Node
from weftnet.compose.flow import Flow, Path, Result
from weftnet.compose.repair import Repair

#: The edit that inserts nodes after the merge's source of this number.
After: TypeAlias = Callable[[int, Sequence[Node]], Edit]
#: The merge that works, the nodes that each source needs before it, and its output.
Joined: TypeAlias = tuple[str, Sequence[tuple[Node, ...]], Flow]


class Walk(Protocol):
    """A walk over an architecture: it resolves the nodes inside a node and collects the faults."""

    @property
    def fixing(self) -> bool:
        """Whether the walk looks for fixes."""

    @property
    def minor(self) -> Sequence[Fault]:
        """Faults that a trial keeps apart: those of settings that have nothing to do with the input."""

    @property
    def repair(self) -> Repair:
        """The search for fixes."""

    def node(self, node: Node, flow: Flow | None, path: Path, spec: Path) -> Result:
        """Resolve a node that reads one signal."""

    def block(self, node: Block, flows: Mapping[str, Flow | None], path: Path, spec: Path) -> Result:
        """Resolve a block that reads flows by argument."""

    def merge(
        self, merge: str, flows: Sequence[Flow], path: Path, spec: Path, block: str, after: After
    ) -> Joined | None:
        """Merge several flows."""

    def trial(self) -> "Walk":
        """A walk on which a fix is tried."""

    def fault(self, path: Path, block: str, what: str, minor: bool = False, **more: Any) -> None:
        """Record a fault, once."""

    def note(self, fault: Fault, minor: bool) -> None:
        """Record a fault, once."""
