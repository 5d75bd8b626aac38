"""What a network remembers between steps, as tensors by name: for programs, which have no other values.

    {"2": {"body": {"0": cache}}, "3": hidden}   ⇄   {"2.body.0": …, "3": …}

A block's state is a tensor, or an object with `tensor` and `of(tensor)`, such as attention's cache, or None.
"""

from collections.abc import Iterator, Mapping
from typing import Protocol, runtime_checkable

from torch import Tensor

from weftnet.compose.stepping import States
from weftnet.errors import SettingError


@runtime_checkable
class Remembered(Protocol):
    """A state that is a tensor in another form."""

    @property
    def tensor(self) -> Tensor:
        """All of it; the first axis is the batch."""

    def of(self, tensor: Tensor) -> "Remembered":
        """The state of this tensor."""


def tensors(states: States) -> dict[str, Tensor]:
    """The states that are not None, by the path of their node.

    Raises:
        SettingError: a state can't be written as a tensor.
    """
    return {path: state if isinstance(state, Tensor) else state.tensor for path, state in _leaves(states)}


def with_tensors(states: States, named: Mapping[str, Tensor], path: str = "") -> States:
    """New states of the same form as these, which have the named tensors."""
    found: States = {}
    for segment, state in states.items():
        here = f"{path}{segment}"
        if isinstance(state, dict):
            found[segment] = with_tensors(state, named, f"{here}.")
        elif isinstance(state, Tensor):
            found[segment] = named[here]
        else:
            found[segment] = state.of(named[here]) if isinstance(state, Remembered) else None
    return found


def _leaves(states: States, path: str = "") -> Iterator[tuple[str, Tensor | Remembered]]:
    for segment, state in states.items():
        here = f"{path}{segment}"
        if isinstance(state, dict):
            yield from _leaves(state, f"{here}.")
        elif isinstance(state, Tensor | Remembered):
            yield here, state
        elif state is not None:
            what = "what it remembers between steps can't be written as a tensor"
            raise SettingError(what, where=f"node {here}", expected="a tensor, or `tensor` and `of`", got=repr(state))
