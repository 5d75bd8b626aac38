"""What is fixed before the first step of a training: how its steps are executed, and how many there are."""

from dataclasses import asdict

from torch import nn

from weftnet.data.data import Data
from weftnet.execution.plan import Plan
from weftnet.run.folder import Run
from weftnet.tasks._task import Task
from weftnet.train.budget import first_revision, fixed_steps
from weftnet.train.planning import plan_of
from weftnet.train.recipe import Recipe
from weftnet.train.team import Team


def fix_plan_and_steps(
    model: nn.ModuleDict, task: Task, data: Data, recipe: Recipe, run: Run, team: Team, began: float
) -> Plan:
    """Put the plan and the number of steps into the run before the first step.

    The plan is fixed from then on; so are the steps, unless the recipe has a budget (`pacing.py`).
    """
    if run.facts.plan is None:
        chosen = plan_of(model, task, data, team.local_recipe(recipe, data))
        run.record(plan=team.from_leader(chosen.to_dict()))
    planned = run.facts.plan
    assert planned is not None  # it was just recorded
    if run.steps is None:
        if (steps := fixed_steps(data, recipe)) is not None:
            run.record(steps=steps)
        else:
            first = asdict(first_revision(model, task, data, recipe, planned, began, team))
            run.record(steps=first["steps"], revisions=[first])
    return planned.plan
