"""The kind that turns tokens into text, from the state that a task keeps of it; with NumPy alone."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from numpy.typing import NDArray

from weftnet.data.kinds import KINDS
from weftnet.data.kinds._kind import Kind, Written


class _Same:
    """A state, equal to itself alone: comparing vocabularies would take as long as reading them."""

    def __init__(self, state: Mapping[str, Any]) -> None:
        self.state = state

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and other.state is self.state

    def __hash__(self) -> int:
        return id(self.state)


def writer_of(state: Mapping[str, Any] | None) -> Kind | None:
    """The kind of this state, read once for all questions; None where a task keeps none."""
    return None if state is None else _kind(_Same(state))


def text_of(kind: Kind | None, tokens: NDArray[Any]) -> str:
    """The text of (length,) tokens; their numbers where nothing turns them into text."""
    return kind.text(tokens) if isinstance(kind, Written) else " ".join(map(str, tokens.tolist()))


@lru_cache(8)
def _kind(writer: _Same) -> Kind:
    kind: Kind = KINDS.get(writer.state["kind"]).from_state(writer.state)
    return kind
