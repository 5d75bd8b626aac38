"""The best weights of a linear layer under a convex loss and a penalty, which cross-validation chooses.

    min over W, b of  mean of loss(z, target) + λ/2 ‖W‖²          z = (r ∘ W) u + b,  r = 1 unless a ratio is given
    loss = −log p(target), p = softmax or sigmoid of z; ½ (z − target)² for the link identity
    λ = the one of a grid with the least loss in cross-validation; tried from strong to weak, until it gets worse

The function is convex; L-BFGS follows it until the gradient is small, for the penalty that is kept in float64.
Source: D. C. Liu and J. Nocedal, On the limited memory BFGS method, 1989, https://doi.org/10.1007/BF01589116.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol, Self, TypeAlias

import torch
import torch.nn.functional as F
from torch import Tensor

#: (logits or values, targets) → mean
Loss: TypeAlias = Callable[[Tensor, Tensor], Tensor]
#: parts of the training split, each of which is judged once; of many values one part alone is
_FOLDS, _MANY = 3, 1_000_000
#: steps of L-BFGS for a penalty of the grid, which begins where the one before ended, and for the one that is kept
_STEPS, _FINAL = 100, 200


class Features(Protocol):
    """What a linear layer reads: rows of features."""

    @property
    def shape(self) -> Sequence[int]:
        """Rows and features."""

    @property
    def dtype(self) -> torch.dtype:
        """Of the values."""

    @property
    def size(self) -> int:
        """Values that are stored."""

    def linear(self, weight: Tensor, bias: Tensor) -> Tensor:
        """(rows, outputs) u Wᵀ + b, through which gradients reach W and b."""

    def rows(self, which: Tensor) -> Self:
        """Those for which it is True."""

    def to(self, dtype: torch.dtype) -> Self:
        """The same values in another precision."""


#: of some features and targets the ratio r (outputs, features)
Ratio: TypeAlias = Callable[[Features, Tensor], Tensor]


def _half_squares(z: Tensor, target: Tensor) -> Tensor:
    return F.mse_loss(z, target.reshape(z.shape)) / 2


#: link → loss
LOSSES: Mapping[str, Loss] = {
    "softmax": F.cross_entropy, "sigmoid": F.binary_cross_entropy_with_logits, "identity": _half_squares
}  # fmt: skip


def typed(targets: Tensor, link: str) -> Tensor:
    """Targets as the loss of the link reads them."""
    return targets.long() if link == "softmax" else targets.double()


def best(
    u: Features, targets: Tensor, outputs: int, link: str, grid: Sequence[float], seed: int, *,
    penalty: float | None = None, ratio: Ratio | None = None,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """r ∘ W (outputs, features) and b (outputs) of the formula above.

    Args:
        u: of all rows, in float64.
        targets: as `typed` gives them.
        outputs: how many.
        link: that names the loss.
        grid: penalties, from strong to weak.
        seed: decides which rows are judged together.
        penalty: λ; None for the best of the grid.
        ratio: gives r.
    """
    loss = LOSSES[link]
    chosen = penalty if penalty is not None else _penalty(u, targets, outputs, loss, grid, seed, ratio)
    r = ratio(u, targets) if ratio else None
    weight, bias = _solved(u, targets, outputs, loss, chosen, r, None, _FINAL)
    return weight if r is None else weight * r, bias


def _solved(
    u: Features, targets: Tensor, outputs: int, loss: Loss, penalty: float, r: Tensor | None,
    start: tuple[Tensor, Tensor] | None, steps: int,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """W and b after so many steps from a start."""
    zeros = torch.zeros(outputs, u.shape[1] + 1, dtype=u.dtype)
    weight, bias = start or (zeros[:, :-1], zeros[:, -1])
    weight, bias = weight.clone().requires_grad_(), bias.clone().requires_grad_()
    search = torch.optim.LBFGS(
        [weight, bias],
        max_iter=steps,
        tolerance_grad=1e-6,
        tolerance_change=1e-9,
        history_size=20,
        line_search_fn="strong_wolfe",
    )

    def closure() -> Tensor:
        search.zero_grad()
        value = loss(u.linear(weight if r is None else weight * r, bias), targets)
        value = value + penalty / 2 * weight.square().sum()
        torch.autograd.backward(value)
        return value

    search.step(closure)  # type: ignore[no-untyped-call]
    return weight.detach(), bias.detach()


def _penalty(
    u: Features, targets: Tensor, outputs: int, loss: Loss, grid: Sequence[float], seed: int, ratio: Ratio | None
) -> float:
    """The penalty with the least loss on rows that were left out."""
    rows = u.shape[0]
    fold = torch.randperm(rows, generator=torch.Generator().manual_seed(seed)) % min(_FOLDS, rows)
    judged = range(1 if u.size > _MANY else min(_FOLDS, rows))
    u, targets = u.to(torch.float32), targets.float() if targets.is_floating_point() else targets
    parts = [(u.rows(fold != k), targets[fold != k], u.rows(fold == k), targets[fold == k]) for k in judged]
    ratios = [ratio(known, answers) if ratio else None for known, answers, _, _ in parts]
    starts: list[tuple[Tensor, Tensor] | None] = [None] * len(parts)
    kept, least = grid[0], float("inf")
    for penalty in grid:
        total = 0.0
        for k, (known, answers, left, truth) in enumerate(parts):
            r = ratios[k]
            starts[k] = weight, bias = _solved(known, answers, outputs, loss, penalty, r, starts[k], _STEPS)
            z = left.linear(weight if r is None else weight * r, bias)
            total += float(loss(z, truth)) * left.shape[0]
        if total >= least:
            break
        kept, least = penalty, total
    return kept
