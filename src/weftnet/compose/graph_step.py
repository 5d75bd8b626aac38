"""A node of a graph as the network runs it."""

from collections.abc import Mapping

from weftnet.architecture.signal import Signal
from weftnet.compose.flow import Resolved
from weftnet.compose.merging import feature_axis


class GraphStep:
    """A node of a graph: its sources, the arguments they are passed as, and how they are merged."""

    def __init__(self, name: str, resolved: Resolved, signals: Mapping[str, Signal]) -> None:
        wire = resolved.wires[name]
        child = resolved.children.get(name)
        self.name, self.merge = name, wire.merge
        self.sources = wire.names if wire.output is None else (f"{wire.names[0]}.{wire.output}",)
        self.feature = feature_axis(signals[self.sources[0]])
        several = child is not None and child.kind == "block" and len(child.reads) > 1 and wire.merge is None
        arguments = tuple(wire.sources) if isinstance(wire.sources, Mapping) else tuple(child.reads if child else ())
        self.arguments = arguments if several else ()

    def reads_whole(self, whole: frozenset[str]) -> bool:
        """Whether all that the node reads beside its first input is whole."""
        return bool(self.arguments) and set(self.sources[1:]) <= whole
