"""Logistic regression: the last layer by penalised maximum likelihood.

    min over W, b of  mean of −log p(target) + λ/2 ‖W‖²         p = softmax or sigmoid of W u + b
                                                                 u: the layer's input, standardised
    λ = the one of the grid with the least loss in cross-validation, as in `_convex.py`

Source: D. R. Cox, The regression analysis of binary sequences, 1958,
https://doi.org/10.1111/j.2517-6161.1958.tb00292.x
"""

from collections.abc import Mapping

from torch import nn

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Architecture
from weftnet.data.data import Data
from weftnet.errors import SettingError
from weftnet.solvers._convex import best, typed
from weftnet.solvers._dense import Dense
from weftnet.solvers._flat import described, entered, flat, stepped
from weftnet.solvers._problem import problem
from weftnet.solvers._scaled import Scaled
from weftnet.solvers._started import behind
from weftnet.tasks._propose.candidate import Candidate
from weftnet.tasks._task import Task

#: penalties, from strong to weak
_GRID = (1.0, 0.1, 0.03, 0.01, 3e-3, 1e-3, 1e-4, 1e-5)
_LINKS = ("softmax", "sigmoid")


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
    if task.link not in _LINKS:
        got = f"{type(task).__name__}, link {task.link or 'none'}"
        raise SettingError("logistic solves for logits", where="solver", expected=" or ".join(_LINKS), got=got)
    posed = problem(model, task, data)
    u, targets = Scaled(posed.inputs), typed(posed.targets, task.link)
    outputs = posed.outputs
    posed.put(*u.back(*best(Dense(u.values), targets, outputs, task.link, _GRID, seed, penalty=penalty)))


def networks(signals: Mapping[str, Signal], task: Task) -> list[Candidate]:
    """Logits linear in the values, in their bins and in their statistics."""
    if task.link not in _LINKS:
        return []
    offers = {
        "logistic": (flat(signals), "logistic regression on all values"),
        "logistic_bins": (stepped(signals), "logistic regression on every value and its quantile bins"),
        "logistic_statistics": (described(signals, task), "logistic regression on statistics of the inputs"),
    }
    return entered("logistic", offers)


def started(body: Architecture, signals: Mapping[str, Signal], task: Task) -> list[Candidate]:
    """The last layer of a network that is frozen otherwise."""
    if task.link not in _LINKS:
        return []
    network = behind(body, [], signals, task)
    why = "logistic regression on the frozen features, a linear probe"
    return [] if network is None else [Candidate("logistic_probe", network, {"solver": "logistic"}, why)]
