"""A series or a wave: a part is one channel at one step."""

from typing import Any

import torch
from torch import Tensor

from netloom.data.kinds.series import Series
from netloom.explain.explanation import Shown
from netloom.signal import Signal


class StepsView:
    """Steps, (batch, time, channels) both ways.

    Args:
        signal: series or wave.
        column: the fitted kind; of a series it knows the units.
        columns: the names of the columns, if each is a channel.
    """

    against = "the value 0, which is each channel's mean where it is standardised, and silence in a wave"

    def __init__(self, signal: Signal, column: Any = None, columns: tuple[str, ...] = ()) -> None:
        self.kind = signal.kind
        self._column = column if isinstance(column, Series) else None
        channels = signal.size("dim")
        self._names = columns if len(columns) == channels else tuple(f"channel {i}" for i in range(channels))

    def nothing(self, values: Tensor) -> Tensor:
        """Zero."""
        return torch.zeros((), dtype=values.dtype, device=values.device)

    def fold(self, attributions: Tensor) -> Tensor:
        """Every value is a part."""
        return attributions

    def spread(self, parts: Tensor) -> Tensor:
        """Every value is a part."""
        return parts

    def show(self, values: Tensor) -> Shown:
        """(time, channels) numbers."""
        encoded = values.detach().cpu().numpy()
        own = encoded if self._column is None else self._column.decode(encoded[None])[0]
        return Shown(self.kind, own, self._names)
