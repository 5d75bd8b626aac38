"""A vector: a piece is one of its components."""

import torch
from torch import Tensor

from weftnet.architecture.signal import Signal
from weftnet.data.kinds._kind import Kind
from weftnet.explain.explanation import DisplayedInput


class VectorView:
    """Components, (batch, …) both ways; also the view of any input that no other view fits.

    Args:
        name: of the input.
        signal: what the network reads.
        column: the fitted kind; that of a vector restores the units.
    """

    kind = "vector"
    baseline_text = "the value 0, which is each component's mean where it is standardised"

    def __init__(self, name: str, signal: Signal, column: Kind | None = None) -> None:
        self._names = tuple(f"{name} {i}" for i in range(signal.numel))
        self._column = column if column is not None and column.units else None

    def baseline(self, values: Tensor) -> Tensor:
        """Zero."""
        return torch.zeros((), dtype=values.dtype, device=values.device)

    def per_piece(self, attributions: Tensor) -> Tensor:
        """(batch, components)."""
        return attributions.flatten(1)

    def per_value(self, pieces: Tensor) -> Tensor:
        """Every value is a piece."""
        return pieces

    def display(self, values: Tensor) -> DisplayedInput:
        """The components as texts."""
        encoded = values.detach().cpu().numpy()
        raw = encoded.reshape(-1) if self._column is None else self._column.decode(encoded[None])[0]
        return DisplayedInput("vector", [f"{value:.4g}" for value in raw], self._names)
