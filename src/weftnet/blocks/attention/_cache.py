"""The keys and values of the steps so far: what attention needs to continue a sequence."""

from typing import Protocol, runtime_checkable

import torch
from torch import Tensor


@runtime_checkable
class Cache(Protocol):
    """What attention asks of its state."""

    @property
    def length(self) -> int:
        """The steps so far."""

    @property
    def tensor(self) -> Tensor:
        """(batch, 2, heads, length, dim) the keys and values so far; empty before the first steps of a `KeyValues`."""

    def append(self, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """All keys and values (batch, heads, time, dim) with these after them."""


class KeyValues:
    """Keys and values (batch, heads, time, dim) in buffers that are filled from the left.

    The buffers are allocated by the first steps, in their dtype and on their device. A step writes into them, so
    a state can't be continued twice.

    Args:
        time: the longest sequence, in steps.
    """

    def __init__(self, time: int) -> None:
        self.time, self._length = time, 0
        self._both = torch.empty(0)

    @property
    def length(self) -> int:
        """The steps so far."""
        return self._length

    def append(self, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """All keys and values with these after them.

        Raises:
            ValueError: there are more steps than the buffers hold.
        """
        start, stop = self._length, self._length + keys.shape[2]
        if stop > self.time:
            raise ValueError(f"key–value cache: time: expected at most {self.time} steps, got {stop}")
        if start == 0:
            self._both = keys.new_zeros(2, *keys.shape[:2], self.time, keys.shape[3])
        self._both[0, :, :, start:stop], self._both[1, :, :, start:stop] = keys, values
        self._length = stop
        return self._both[0, :, :, :stop], self._both[1, :, :, :stop]

    @property
    def tensor(self) -> Tensor:
        """(batch, 2, heads, length, dim) all that was appended; empty before the first steps."""
        return self._both[:, :, :, : self._length].transpose(0, 1) if self._length else self._both

    def of(self, tensor: Tensor) -> "Concatenated":
        """The state of this tensor."""
        return Concatenated(tensor)


def empty_cache(block: str, causal: bool, time: int) -> KeyValues:
    """What attention remembers before the first of at most `time` steps.

    Raises:
        ValueError: it is not causal: earlier outputs would depend on later steps.
    """
    if not causal:
        raise ValueError(f"{block}: step: expected causal=True, got False")
    return KeyValues(time)


class Concatenated:
    """As `KeyValues`, without a bound and without writing in place: for programs, which compute new tensors.

    Args:
        tensor: (batch, 2, heads, length, dim) keys and values.
    """

    def __init__(self, tensor: Tensor) -> None:
        self.tensor = tensor

    @property
    def length(self) -> int:
        """The steps so far."""
        return self.tensor.shape[3]

    def append(self, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """All keys and values with these after them."""
        self.tensor = torch.cat((self.tensor, torch.stack((keys, values), dim=1)), dim=3)
        keys, values = self.tensor.unbind(1)
        return keys, values

    def of(self, tensor: Tensor) -> "Concatenated":
        """The state of this tensor."""
        return Concatenated(tensor)
