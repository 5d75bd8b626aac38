"""How many steps a training takes, fixed before it starts: from epochs, or from seconds by timing a few steps.

    steps = (budget − time spent timing) / (time of a step + time of an evaluation / steps between evaluations)

The number is recorded in the run. From then on the training depends on recipe, seed and steps, not on the clock.
"""

import math
import time

from torch import nn

from weftnet.data.data import Data
from weftnet.execution.plan import Plan
from weftnet.tasks._task import Task
from weftnet.train.recipe import Recipe
from weftnet.train.team import ALONE, Team
from weftnet.train.trial import Trial


def count_steps(
    model: nn.ModuleDict, task: Task, data: Data, recipe: Recipe, plan: Plan, spent: float = 0.0, team: Team = ALONE
) -> int:
    """The steps of a recipe; with a budget, a copy of the model is trained for a moment to time them.

    Args:
        model, task, data, recipe: of the training.
        plan: how a step is executed.
        spent: seconds of the budget that are already used.
        team: the processes that train together.
    """
    if recipe.steps is not None:
        return recipe.steps
    per_epoch = data.steps_per_epoch(recipe.batch_size)
    if recipe.epochs is not None:
        return max(1, math.ceil(recipe.epochs * per_epoch / recipe.accumulate))
    assert recipe.budget is not None  # the recipe checks it
    began = time.perf_counter()
    with Trial(model, task, data, team.local_recipe(recipe, data), plan) as trial:
        step, evaluation = _timed(trial, min(recipe.budget / 20, 2.0))
    step += team.exchange_time(model)
    evaluation /= team.size
    left = recipe.budget - spent - (time.perf_counter() - began)
    every = recipe.evaluation_interval(per_epoch)
    steps = int(left / (step + evaluation / every))
    if steps < every:  # then the only evaluation is the one at the end
        steps = min(every, int((left - evaluation) / step))
    return int(team.from_leader(max(1, steps)))


def _timed(trial: Trial, seconds: float) -> tuple[float, float]:
    """Seconds of a step, measured for about `seconds`, and of an evaluation."""
    for _ in range(2):  # the first steps set things up
        trial.step()
    times: list[float] = []
    while sum(times) < seconds or len(times) < 3:
        times.append(trial.step())
    return sum(times) / len(times), trial.evaluation()
