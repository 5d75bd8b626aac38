"""How many steps a training takes: from epochs, or from seconds by timing a few steps.

With epochs or steps the number is fixed. With a budget, planning and timing take at most `PLANNING` of it: a step that
has begun is not interrupted, but none begins later. What they leave is divided by the rule of `pace.py`, which also
corrects the number while the training runs.
"""

import math
import time
from dataclasses import asdict

from torch import nn

from weftnet.data.data import Data
from weftnet.execution.planned import TrainingPlan
from weftnet.run.facts import Revision
from weftnet.tasks._task import Task
from weftnet.train.pace import Budget, Costs
from weftnet.train.recipe import Recipe
from weftnet.train.team import ALONE, Team
from weftnet.train.trial import EVALUATED, Trial

#: Share of a budget that choosing a plan and timing steps may take.
PLANNING = 0.05
#: Seconds for which steps are timed at the most.
_TIMING = 2.0
#: Share of that time for steps; the rest is for an evaluation. And the most steps.
_STEPPING, _MANY = 0.7, 1000
#: Seconds of an evaluation's batch in those of a step: forward alone.
_FORWARD = 1 / 3


def fixed_steps(data: Data, recipe: Recipe) -> int | None:
    """The steps of a recipe that doesn't leave them to the clock."""
    if recipe.epochs is None:
        return recipe.steps
    return max(1, math.ceil(recipe.epochs * data.steps_per_epoch(recipe.batch_size) / recipe.accumulate))


def budget_of(data: Data, recipe: Recipe) -> Budget | None:
    """What a training with a budget goes by; None without one."""
    if recipe.budget is None:
        return None
    interval = recipe.evaluation_interval(data.steps_per_epoch(recipe.batch_size))
    return Budget(recipe.budget, dict(data.sizes), interval, recipe.batch_size * recipe.accumulate)


def first_revision(
    model: nn.ModuleDict, task: Task, data: Data, recipe: Recipe, planned: TrainingPlan, began: float,
    team: Team = ALONE,
) -> Revision:  # fmt: skip
    """The steps of a recipe with a budget, as far as they can be known before the first.

    A copy of the model is trained for a moment, unless choosing the plan has used up the time and timed a step.

    Args:
        model, task, data, recipe: of the training.
        planned: how a step is executed.
        began: when the budget began, on `time.perf_counter`.
        team: the processes that train together.
    """
    budget = budget_of(data, recipe)
    assert budget is not None  # else the steps are fixed
    end = min(began + PLANNING * budget.seconds, time.perf_counter() + _TIMING)
    known = next((tried.seconds for tried in planned.tried if tried.seconds), None)
    if known is not None and time.perf_counter() + known >= end:
        costs = Costs(known, known * _passes(data, recipe), guessed=True)
    else:
        costs = _timed(model, task, data, team.local_recipe(recipe, data), planned, end)
    costs = Costs(costs.step + team.exchange_time(model), costs.evaluation / team.size, costs.guessed)
    first = budget.revision(0, time.perf_counter() - began, costs)
    return Revision(**team.from_leader(asdict(first)))


def _timed(model: nn.ModuleDict, task: Task, data: Data, recipe: Recipe, planned: TrainingPlan, end: float) -> Costs:
    """Seconds of a step and of an evaluation, measured until the end on the clock; a single step in any case."""
    with Trial(model, task, data, recipe, planned.plan) as trial:
        times, until = [trial.step()], end - (1 - _STEPPING) * max(0.0, end - time.perf_counter())
        while time.perf_counter() + min(times) < until and len(times) < _MANY:
            times.append(trial.step())
        counted = times[1:] or times  # the first step sets things up
        step = sum(counted) / len(counted)
        few = min(EVALUATED, math.ceil(data.sizes.get("validation", 0) / recipe.batch_size))
        if time.perf_counter() + _FORWARD * step * few / recipe.accumulate < end:
            return Costs(step, trial.evaluation())
    return Costs(step, step * _passes(data, recipe), guessed=True)


def _passes(data: Data, recipe: Recipe) -> float:
    """About how many steps' time a pass over the validation split takes."""
    return _FORWARD * math.ceil(data.sizes.get("validation", 0) / recipe.batch_size) / recipe.accumulate
