"""A vector: a part is one of its components."""

from typing import Any

import torch
from torch import Tensor

from weftnet.architecture.signal import Signal
from weftnet.data.kinds.vector import Vector
from weftnet.explain.explanation import Shown


class VectorView:
    """Components, (batch, …) both ways; any input of which no more is known is seen so too.

    Args:
        name: of the input.
        signal: what the network reads.
        column: the fitted kind; of a vector it knows the units.
    """

    kind = "vector"
    against = "the value 0, which is each component's mean where it is standardised"

    def __init__(self, name: str, signal: Signal, column: Any = None) -> None:
        self._names = tuple(f"{name} {i}" for i in range(signal.numel))
        self._column = column if isinstance(column, Vector) else None

    def nothing(self, values: Tensor) -> Tensor:
        """Zero."""
        return torch.zeros((), dtype=values.dtype, device=values.device)

    def fold(self, attributions: Tensor) -> Tensor:
        """(batch, components)."""
        return attributions.flatten(1)

    def spread(self, parts: Tensor) -> Tensor:
        """Every value is a part."""
        return parts

    def show(self, values: Tensor) -> Shown:
        """The components as texts."""
        encoded = values.detach().cpu().numpy()
        own = encoded.reshape(-1) if self._column is None else self._column.decode(encoded[None])[0]
        return Shown("vector", [f"{value:.4g}" for value in own], self._names)
