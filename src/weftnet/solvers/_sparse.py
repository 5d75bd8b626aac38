"""Features of which most are 0, as `_convex` reads them: those that differ from 0, row by row."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Self

import torch
from torch import Tensor


@dataclass(frozen=True)
class Sparse:
    """Rows of features.

    Args:
        row, feature: (entries,) of each entry, ordered by row, then by feature, each pair once.
        value: (entries,).
        shape: rows and features.
    """

    row: Tensor
    feature: Tensor
    value: Tensor
    shape: Sequence[int]

    @classmethod
    def summed(cls, row: Tensor, feature: Tensor, value: Tensor, shape: Sequence[int]) -> Self:
        """From entries in any order; what stands in one place is added, and zeros are left out."""
        place, at = torch.unique(row * shape[1] + feature, return_inverse=True)
        total = torch.zeros(len(place), dtype=value.dtype).index_add_(0, at, value)
        kept = total != 0
        return cls(place[kept] // shape[1], place[kept] % shape[1], total[kept], tuple(shape))

    @property
    def dtype(self) -> torch.dtype:
        """Of the values."""
        return self.value.dtype

    @property
    def size(self) -> int:
        """How many entries there are."""
        return len(self.value)

    def linear(self, weight: Tensor, bias: Tensor) -> Tensor:
        """(rows, outputs) u Wᵀ + b."""
        product: Tensor = _Product.apply(weight, self)  # type: ignore[no-untyped-call]
        return product + bias

    @cached_property
    def compressed(self) -> Tensor:
        """(rows, features) by row, as torch multiplies it."""
        return _by_row(self.row, self.feature, self.value, self.shape)

    @cached_property
    def transposed(self) -> Tensor:
        """(features, rows) by feature."""
        order = torch.argsort(self.feature, stable=True)
        return _by_row(self.feature[order], self.row[order], self.value[order], self.shape[::-1])

    def rows(self, which: Tensor) -> Self:
        """Those for which it is True."""
        kept, number = which[self.row], which.long().cumsum(0) - 1
        shape = (int(which.sum()), self.shape[1])
        return type(self)(number[self.row[kept]], self.feature[kept], self.value[kept], shape)

    def to(self, dtype: torch.dtype) -> Self:
        """The same values in another precision."""
        return type(self)(self.row, self.feature, self.value.to(dtype), self.shape)

    def presence(self) -> Self:
        """1 where there is an entry."""
        return type(self)(self.row, self.feature, torch.ones_like(self.value), self.shape)


def _by_row(row: Tensor, column: Tensor, value: Tensor, shape: Sequence[int]) -> Tensor:
    """A matrix of entries that are ordered by row; torch warns that such matrices are new to it."""
    begins = torch.zeros(shape[0] + 1, dtype=torch.int64)
    begins[1:] = torch.bincount(row, minlength=shape[0]).cumsum(0)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Sparse CSR tensor support is in beta", UserWarning)
        return torch.sparse_csr_tensor(begins, column, value, tuple(shape), check_invariants=True)


class _Product(torch.autograd.Function):
    """u Wᵀ, whose gradient for W is (uᵀ g)ᵀ."""

    @staticmethod
    def forward(ctx: Any, weight: Tensor, u: Sparse) -> Tensor:
        ctx.u = u
        return u.compressed @ weight.T

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        return (ctx.u.transposed @ gradient).T, None
