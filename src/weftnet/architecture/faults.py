"""A fault of an architecture: where it is, what is wrong, and the edit that fixes it."""

from dataclasses import dataclass

from weftnet.architecture.edits import Edit, apply, edited, place, quoted, written

__all__ = ["Edit", "Fault", "apply", "edited", "place", "quoted", "written"]


@dataclass(frozen=True)
class Fault:
    """What is wrong with a node, and how to fix it.

    Args:
        path: the node's path, its part first.
        block: the block's or combinator's name.
        what: the fault in one sentence.
        reads: what the node reads.
        received: what it is given, printed as `given`.
        by: the path of the node that it receives it from.
        close: names that may have been intended.
        fix: the edit that fixes it; it was tried before it is offered.
    """

    path: tuple[str, ...]
    block: str
    what: str
    reads: str = ""
    received: str = ""
    by: str = ""
    close: tuple[str, ...] = ()
    fix: Edit | None = None

    @property
    def where(self) -> str:
        """The node's path as shown to people: without the part `network`, the only one of most architectures."""
        return place(self.path)

    def __str__(self) -> str:
        lines = [
            f"{self.where} ({self.block}): {self.what}" if self.where != self.block else f"{self.block}: {self.what}"
        ]
        if self.reads:
            lines.append(f"  reads: {self.reads}")
        if self.received:
            lines.append(f"  given: {self.received}" + (f", by {self.by}" if self.by else ""))
        if self.close:
            lines.append(f"  did you mean {' or '.join(map(repr, self.close))}?")
        if self.fix is not None:
            at = "" if self.fix.path in (self.path, ()) else f"at {place(self.fix.path)}: "
            lines.append(f"  fix: {at}{self.fix}")
        return "\n".join(lines)
