"""The matrix half of Muon: a step along the momentum, orthogonalised by a Newton–Schulz iteration."""

from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor, nn

from weftnet.base.onednn import can_use_onednn, product

#: Rows from which oneDNN's products are no slower than those of torch's BLAS library, on every processor tried.
_MANY = 128


class Orthogonal(torch.optim.Optimizer):
    """Steps along the nearest orthogonal matrix to the momentum; see `muon` for the formula.

    Args:
        parameters: with two axes or more; the axes after the first are flattened.
        lr: root mean square of a step's entries, for a square matrix times the square root of its side.
        weight_decay: share of a weight lost per step and unit of lr.
        momentum: decay of the mean of gradients, in [0, 1).
        rounds: iterations of Newton–Schulz.
    """

    def __init__(
        self, parameters: Iterable[nn.Parameter], lr: float, weight_decay: float, momentum: float, rounds: int
    ) -> None:
        super().__init__(parameters, {"lr": lr, "weight_decay": weight_decay, "momentum": momentum, "rounds": rounds})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> None:  # type: ignore[override]
        """Move every parameter that has a gradient."""
        if closure is not None:
            raise ValueError("muon: closure: expected none, got one; call backward before step")
        for group in self.param_groups:
            lr, momentum = group["lr"], group["momentum"]
            for parameter in group["params"]:
                if parameter.grad is None:
                    continue
                state = self.state[parameter]
                if not state:
                    state["mean"] = torch.zeros_like(parameter)
                mean = state["mean"].lerp_(parameter.grad, 1 - momentum)
                ahead = parameter.grad.lerp(mean, momentum)  # Nesterov's look-ahead
                direction = orthogonal(ahead.flatten(1), group["rounds"])
                rows, columns = direction.shape
                parameter.mul_(1 - lr * group["weight_decay"])
                parameter.add_(direction.view(parameter.shape), alpha=-lr * max(1.0, rows / columns) ** 0.5)


def orthogonal(X: Tensor, rounds: int) -> Tensor:
    """The matrix with X's singular vectors and singular values near one, (rows, columns) → the same.

    Each round is X ← aX + (bA + cA²)X with A = XXᵀ, which maps a singular value σ to aσ + bσ³ + cσ⁵; a, b, c are tuned
    for speed near zero, so values end between 0.7 and 1.2 rather than at one.
    """
    a, b, c = 3.4445, -4.7750, 2.0315
    tall = X.shape[0] > X.shape[1]
    X = X.mT if tall else X
    X = X / X.norm().clamp(min=1e-7)
    by_onednn = len(X) >= _MANY and X.dtype == torch.float32 and X.device.type == "cpu" and can_use_onednn()
    for _ in range(rounds):
        if by_onednn:  # A and AA are symmetric: transposing them changes nothing
            A = product(X, X)
            X = product(product(A, A).mul_(c).add_(A, alpha=b), X.mT).add_(X, alpha=a)
        else:
            A = X @ X.mT
            X = torch.addmm(X, torch.addmm(A, A, A, beta=b, alpha=c), X, beta=a)
    return X.mT.contiguous() if tall else X
