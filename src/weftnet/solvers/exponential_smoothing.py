"""Exponential smoothing (ETS with additive errors, damped trend and season), as the linear map that it is.

    e[t] = x[t] − l − φ b − s[t mod m]              the error one step ahead
    l ← l + φ b + α e,    b ← φ b + α β e,    s[t mod m] ← s[t mod m] + γ e
    y[h] = l + (φ + φ² + … + φʰ) b + s[(time + h − 1) mod m]          h = 1 … horizon

It starts behind the first season of the window, with no error there: b is the mean step from the window's first m steps
to its last m, or 0 where φ = 0; l the line of that slope through the mean of the first season, s what that leaves.
With α = 1 and nothing else it repeats the last value, with γ = 1 the last season. So for fixed constants y is W x, and
W what the recursion gives for each step of the window alone. α, β, φ, γ are those with the least squared error over
horizon and training windows, by a grid refined around its best point: Σ ‖W x − t‖² needs Σ x xᵀ and Σ t xᵀ alone.

Source: C. C. Holt, 1957, https://doi.org/10.1016/j.ijforecast.2003.09.015; P. R. Winters, 1960,
https://doi.org/10.1287/mnsc.6.3.324; as a model: R. J. Hyndman and others, 2002,
https://doi.org/10.1016/S0169-2070(01)00110-8
Differs from them: the constants are chosen by forecasts of the whole horizon, not by errors one step ahead, and every
window starts anew.
"""

from collections.abc import Sequence
from itertools import product

import torch
from torch import Tensor, nn

from weftnet.blocks.series.along_time import AlongTime
from weftnet.data.data import Data
from weftnet.errors import SettingError
from weftnet.solvers._problem import Problem, problems
from weftnet.tasks._task import Task

#: of α, β, φ, γ
_GRID = (
    (0.0, 0.05, 0.15, 0.3, 0.5, 0.7, 0.9, 1.0), (0.0, 0.03, 0.1, 0.3), (0.0, 0.8, 0.9, 0.97, 1.0),
    (0.0, 0.1, 0.25, 0.5, 0.75, 1.0),
)  # fmt: skip
#: steps of the refinement, which are halved where none helps, and how many there are
_STEPS, _ROUNDS = (0.1, 0.05, 0.05, 0.1), 12
#: steps ahead by which constants are chosen, at most; values of the maps that are made at once
_AHEAD, _VALUES = 48, 4_000_000


def exponential_smoothing(model: nn.ModuleDict, task: Task, data: Data, seed: int, period: int = 1) -> None:
    """Choose the constants and set the map along time, one for every series where it has weights of its own.

    Args:
        model: whose last layer with weights is `along_time`.
        task: whose link is `identity`.
        data: gives the training split.
        seed: decides nothing here.
        period: m, steps of a season; 1 for none.

    Raises:
        SettingError: the task or the network is not for this solver, or the window is shorter than a season.
    """
    if task.link != "identity":
        got = f"{type(task).__name__}, link {task.link or 'none'}"
        raise SettingError("exponential smoothing gives means", where="solver", expected="identity", got=got)
    posed = problems(model, task, data)
    last = next((module for module in reversed([*model.modules()]) if [*module.parameters()]), None)
    if not any(isinstance(module, AlongTime) and module.linear is last for module in model.modules()):
        what = "exponential smoothing is a map along time"
        raise SettingError(what, where="solver", expected="along_time as the last layer", got=type(last).__name__)
    for each in posed:
        steps, time = each.weight.shape
        if not 1 <= period <= time:
            what = "the window is shorter than a season"
            raise SettingError(what, where="solver", expected=f"a period of 1 to {time} steps", got=str(period))
        chosen = constants(each, period)
        (weight,) = maps(chosen.unsqueeze(0), period, time, range(1, steps + 1))
        each.put(weight, torch.zeros(steps))


def constants(posed: Problem, period: int) -> Tensor:
    """(4,) α, β, φ, γ of the least squared error."""
    steps, time = posed.weight.shape
    ahead = sorted({1 + round(k * (steps - 1) / (_AHEAD - 1)) for k in range(_AHEAD)})
    x, t = posed.inputs.double(), posed.targets.double()[:, [step - 1 for step in ahead]]
    xx, tx = x.T @ x, t.T @ x
    at_once = max(1, _VALUES // (time * max(len(ahead), period)))

    def best(points: Tensor) -> Tensor:
        """The point of the least Σ ‖W x − t‖² − Σ ‖t‖²."""
        made = (maps(part, period, time, ahead) for part in torch.split(points, at_once))
        return points[torch.cat([((w @ xx - 2 * tx) * w).sum((1, 2)) for w in made]).argmin()]

    seasonal = _GRID[3] if period > 1 else (0.0,)
    grid = [each for each in product(*_GRID[:3], seasonal) if not each[1] or (each[0] and each[2])]
    chosen = best(torch.tensor(grid, dtype=torch.float64))
    around = torch.tensor(list(product((0.0, -1.0, 1.0), repeat=4)), dtype=torch.float64)
    fixed = torch.tensor([1.0, 1.0, float(chosen[2] > 0), float(period > 1)], dtype=torch.float64)
    step = torch.tensor(_STEPS, dtype=torch.float64) * fixed
    for _ in range(_ROUNDS):
        before, chosen = chosen, best((chosen + around * step).clamp(0, 1))
        if torch.equal(chosen, before):
            step = step / 2
    return chosen


def maps(points: Tensor, period: int, time: int, ahead: Sequence[int]) -> Tensor:
    """(points, ahead, time) W of each point (α, β, φ, γ), for these steps ahead, counted from 1."""
    alpha, beta, phi, gamma = points.T.unsqueeze(2)  # each (points, 1)
    x = torch.eye(time, dtype=points.dtype)  # x[t] is the value at t, as weights of the window
    first, final = x[:period].mean(0), x[time - period :].mean(0)
    trend = (final - first) / max(1, time - period) * (phi > 0)
    season = [x[i] - first - trend * (i - (period - 1) / 2) for i in range(period)]
    level = first + trend * ((period - 1) / 2)
    for t in range(period, time):
        before, place = level + phi * trend, t % period
        error = x[t] - before - season[place]
        level = before + alpha * error
        trend = phi * trend + alpha * beta * error
        season[place] = season[place] + gamma * error
    sums = torch.stack([phi**power for power in range(1, max(ahead) + 1)]).cumsum(0)
    return torch.stack([level + sums[step - 1] * trend + season[(time + step - 1) % period] for step in ahead], 1)
