"""Logistic regression: the last layer by penalised maximum likelihood.

    min over W, b of  mean of −log p(target) + λ/2 ‖W‖²         p = softmax or sigmoid of W u + b
                                                                 u: the layer's input, standardised
    λ = the one of the grid with the least loss in cross-validation; tried from strong to weak, until it gets worse

The function is convex; L-BFGS follows it until the gradient is small, for the penalty that is kept in float64.
Source: D. R. Cox, The regression analysis of binary sequences, 1958,
https://doi.org/10.1111/j.2517-6161.1958.tb00292.x; D. C. Liu and J. Nocedal, On the limited memory BFGS method, 1989,
https://doi.org/10.1007/BF01589116.
"""

from collections.abc import Callable, Mapping

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from weftnet.architecture.signal import Signal
from weftnet.data.data import Data
from weftnet.errors import SettingError
from weftnet.solvers._flat import entered, flat, stepped
from weftnet.solvers._problem import problem
from weftnet.solvers._scaled import Scaled
from weftnet.tasks._propose.candidate import Candidate
from weftnet.tasks._task import Task

#: penalties, from strong to weak
_GRID = (1.0, 0.1, 0.03, 0.01, 3e-3, 1e-3, 1e-4, 1e-5)
#: parts of the training split, each of which is judged once; of many values (rows · features) one part alone is
_FOLDS, _MANY = 3, 1_000_000
#: steps of L-BFGS for a penalty of the grid, which begins where the one before ended, and for the one that is kept
_STEPS, _FINAL = 25, 200

_LOSSES: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {
    "softmax": F.cross_entropy, "sigmoid": F.binary_cross_entropy_with_logits
}  # fmt: skip


def logistic(model: nn.ModuleDict, task: Task, data: Data, seed: int, penalty: float | None = None) -> None:
    """Solve for the last layer.

    Args:
        model: that ends in a dense layer.
        task: whose link is `softmax` or `sigmoid`.
        data: gives the training split.
        seed: decides which rows are judged together.
        penalty: λ; None for the best of a grid by cross-validation.

    Raises:
        SettingError: the task or the network is not for this solver.
    """
    if task.link not in _LOSSES:
        got = f"{type(task).__name__}, link {task.link or 'none'}"
        raise SettingError("logistic solves for logits", where="solver", expected=" or ".join(_LOSSES), got=got)
    posed = problem(model, task, data)
    u, loss = Scaled(posed.inputs), _LOSSES[task.link]
    targets = posed.targets.long() if task.link == "softmax" else posed.targets.double()
    outputs = posed.layer.weight.shape[0]
    if penalty is None:
        penalty = _best(u.values, targets, outputs, loss, seed)
    posed.put(*u.back(*solved(u.values, targets, outputs, loss, penalty)))


def solved(
    u: Tensor, targets: Tensor, outputs: int, loss: Callable[[Tensor, Tensor], Tensor], penalty: float,
    start: tuple[Tensor, Tensor] | None = None, steps: int = _FINAL,
) -> tuple[Tensor, Tensor]:  # fmt: skip
    """W (outputs, features) and b (outputs) of the formula above.

    Args:
        u: (rows, features).
        targets: (rows, …) as the loss reads them.
        outputs: how many.
        loss: (logits, targets) → mean.
        penalty: λ.
        start: W and b to begin with.
        steps: at most.
    """
    weight, bias = start or (u.new_zeros(outputs, u.shape[1]), u.new_zeros(outputs))
    weight, bias = weight.clone().requires_grad_(), bias.clone().requires_grad_()
    search = torch.optim.LBFGS(
        [weight, bias],
        max_iter=steps,
        tolerance_grad=1e-5,
        tolerance_change=1e-9,
        history_size=20,
        line_search_fn="strong_wolfe",
    )

    def closure() -> Tensor:
        search.zero_grad()
        value = loss(F.linear(u, weight, bias), targets) + penalty / 2 * weight.square().sum()
        torch.autograd.backward(value)
        return value

    search.step(closure)  # type: ignore[no-untyped-call]
    return weight.detach(), bias.detach()


def _best(u: Tensor, targets: Tensor, outputs: int, loss: Callable[[Tensor, Tensor], Tensor], seed: int) -> float:
    """The penalty with the least loss on rows that were left out."""
    fold = torch.randperm(len(u), generator=torch.Generator().manual_seed(seed)) % min(_FOLDS, len(u))
    judged = range(1 if u.numel() > _MANY else min(_FOLDS, len(u)))
    u, targets = u.float(), targets.float() if targets.is_floating_point() else targets
    parts = [(u[fold != k], targets[fold != k], u[fold == k], targets[fold == k]) for k in judged]
    starts: list[tuple[Tensor, Tensor] | None] = [None] * len(parts)
    best, least = _GRID[0], float("inf")
    for penalty in _GRID:
        total = 0.0
        for k, (known, answers, left, truth) in enumerate(parts):
            starts[k] = weight, bias = solved(known, answers, outputs, loss, penalty, starts[k], _STEPS)
            total += float(loss(F.linear(left, weight, bias), truth)) * len(left)
        if total > least:
            break
        best, least = penalty, total
    return best


def networks(signals: Mapping[str, Signal], task: Task) -> list[Candidate]:
    """Logits linear in the values, and in their bins."""
    if task.link not in _LOSSES:
        return []
    offers = {
        "logistic": (flat(signals), "logistic regression on all values"),
        "logistic_bins": (stepped(signals), "logistic regression on every value and its quantile bins"),
    }
    return entered("logistic", offers)
