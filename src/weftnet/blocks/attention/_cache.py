"""The keys and values of the steps so far: what attention needs to continue a sequence."""

import torch
from torch import Tensor


class KeyValues:
    """Keys and values (batch, heads, time, dim) in buffers that are filled from the left.

    The buffers are allocated by the first steps, in their dtype and on their device. A step writes into them, so
    a state can't be continued twice.

    Args:
        time: the longest sequence, in steps.
    """

    def __init__(self, time: int) -> None:
        self.time, self.length = time, 0
        self._both = torch.empty(0)

    def append(self, keys: Tensor, values: Tensor) -> tuple[Tensor, Tensor]:
        """All keys and values with these after them.

        Raises:
            ValueError: there are more steps than the buffers hold.
        """
        start, stop = self.length, self.length + keys.shape[2]
        if stop > self.time:
            raise ValueError(f"key–value cache: time: expected at most {self.time} steps, got {stop}")
        if start == 0:
            self._both = keys.new_zeros(2, *keys.shape[:2], self.time, keys.shape[3])
        self._both[0, :, :, start:stop], self._both[1, :, :, start:stop] = keys, values
        self.length = stop
        return self._both[0, :, :, :stop], self._both[1, :, :, :stop]
