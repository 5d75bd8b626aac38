"""Errors of standardised values in the targets' own units."""

from collections.abc import Sequence

from torch import Tensor


def columns(values: Tensor) -> Tensor:
    """Values (n) or (…, targets) as (n, targets)."""
    return values[:, None] if values.dim() == 1 else values.flatten(0, -2)


def in_units(errors: Tensor, scale: float | Sequence[float]) -> Tensor:
    """Errors (targets) times the scale of each."""
    return errors * errors.new_tensor(scale)
