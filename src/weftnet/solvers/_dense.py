"""Features of which every one is stored, as `_convex` reads them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

import torch
import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True)
class Dense:
    """Rows of features.

    Args:
        values: (rows, features).
    """

    values: Tensor

    @property
    def shape(self) -> Sequence[int]:
        """Rows and features."""
        return self.values.shape

    @property
    def dtype(self) -> torch.dtype:
        """Of the values."""
        return self.values.dtype

    @property
    def size(self) -> int:
        """Rows · features."""
        return self.values.numel()

    def linear(self, weight: Tensor, bias: Tensor) -> Tensor:
        """(rows, outputs) u Wᵀ + b."""
        return F.linear(self.values, weight, bias)

    def rows(self, which: Tensor) -> Self:
        """Those for which it is True."""
        return type(self)(self.values[which])

    def to(self, dtype: torch.dtype) -> Self:
        """The same values in another precision."""
        return type(self)(self.values.to(dtype))
