"""A series or a wave: a piece is one channel at one step."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from weftnet.architecture.signal import Signal
from weftnet.data.kinds._kind import Kind
from weftnet.explain.explanation import DisplayedInput


class StepsView:
    """Steps, (batch, time, channels) both ways.

    Args:
        signal: series or wave.
        columns: the fitted kinds of its columns; they know the channels' names and units.
    """

    baseline_text = "the value 0, which is each channel's mean where it is standardised, and silence in a wave"

    def __init__(self, signal: Signal, columns: Mapping[str, Kind]) -> None:
        self.kind = signal.kind
        self._columns = dict(columns)
        widths = [kind.signal.sizes[-1] for kind in columns.values()]
        if len(columns) > 1:
            pairs = zip(columns, widths, strict=True)
            self._names = tuple(name for column, width in pairs for name in _names(column, width))
        else:
            self._names = tuple(f"channel {i}" for i in range(signal.size("dim")))

    def baseline(self, values: Tensor) -> Tensor:
        """Zero."""
        return torch.zeros((), dtype=values.dtype, device=values.device)

    def per_piece(self, attributions: Tensor) -> Tensor:
        """Every value is a piece."""
        return attributions

    def per_value(self, pieces: Tensor) -> Tensor:
        """Every value is a piece."""
        return pieces

    def display(self, values: Tensor) -> DisplayedInput:
        """(time, channels) numbers."""
        encoded = values.detach().cpu().numpy()
        if not self._columns:
            return DisplayedInput(self.kind, encoded, self._names)
        widths = [kind.signal.sizes[-1] for kind in self._columns.values()]
        by_column = np.split(encoded, np.cumsum(widths)[:-1], axis=1)
        own = [_own(kind, values_) for kind, values_ in zip(self._columns.values(), by_column, strict=True)]
        return DisplayedInput(self.kind, np.concatenate(own, 1), self._names)


def _names(column: str, width: int) -> list[str]:
    return [column] if width == 1 else [f"{column} {i}" for i in range(width)]


def _own(kind: Kind, encoded: NDArray[Any]) -> NDArray[Any]:
    """(time, width) in the column's own unit, if it has one; a wave stays as it is."""
    if not kind.units:
        return encoded
    decoded: NDArray[Any] = kind.decode(encoded[None])[0]
    return decoded.reshape(encoded.shape)
