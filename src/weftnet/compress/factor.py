"""A weight as a product of two thinner ones, by the singular value decomposition.

    W = U diag(s) Vᵀ ≈ second · first,    first = diag(√s_r) V_rᵀ (rank × n),  second = U_r diag(√s_r) (m × rank)

Among all products of that rank this is the closest to W (C. Eckart, G. Young, The approximation of one matrix by
another of lower rank, 1936, https://doi.org/10.1007/BF02288367): ‖W − second · first‖² = Σ_{k > rank} s_k². Both
factors get the same share of the scale, so that the optimiser updates them alike.
"""

import torch
from torch import Tensor


def factors(weight: Tensor, rank: int) -> tuple[Tensor, Tensor]:
    """(rank, n) and (m, rank) whose product is the closest to a weight (m, n)."""
    u, s, vt = torch.linalg.svd(weight.double(), full_matrices=False)
    root = s[:rank].sqrt()
    first, second = root[:, None] * vt[:rank], u[:, :rank] * root
    return first.to(weight.dtype), second.to(weight.dtype)


def rank_for(weight: Tensor, energy: float) -> int:
    """The smallest rank that keeps a share of Σ s²; the full rank for 1.0."""
    squares = torch.linalg.svdvals(weight.double()).square()
    shares = squares.cumsum(0) / squares.sum().clamp(min=torch.finfo(squares.dtype).tiny)
    return min(int((shares < energy - 1e-12).sum()) + 1, len(squares))
