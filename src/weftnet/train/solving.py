"""A training without steps: a solver finds the weights at once; the run it leaves is like any other.

There is nothing to resume: a training that was killed is solved again, to the same bits.
"""

import time
from collections.abc import Sequence

import torch
from torch import nn

from weftnet.data.data import Data
from weftnet.execution.answering import plans_for_answers
from weftnet.run.folder import Run
from weftnet.solvers import SOLVERS
from weftnet.tasks._task import Task
from weftnet.train.calibrating import calibrate
from weftnet.train.listeners._listener import Began, Listener
from weftnet.train.listening import Listening
from weftnet.train.randomness import reseed
from weftnet.train.recipe import Recipe
from weftnet.train.result import TrainingResult
from weftnet.train.team import Team


def solve(
    model: nn.ModuleDict, task: Task, data: Data, recipe: Recipe, run: Run, listeners: Sequence[Listener], team: Team
) -> TrainingResult:
    """Solve for the weights, evaluate them, and write them into the run.

    Args:
        model: the networks by part; it is moved to the CPU, where solvers work.
        task: gives targets and metrics.
        data: gives the training split to the solver, and the validation split to the metrics.
        recipe: names the solver.
        run: receives weights, history and metrics.
        listeners: are told of it, by the first of several processes.
        team: of which the first process solves, while the others wait.

    Raises:
        SettingError: the solver is not for this network or task.
        MissingExtra: what it needs is not installed.
    """
    listening = Listening(listeners if team.leads else (), run.folder)
    with listening, run.training():
        listening.result = result = _solved(model.cpu(), task, data, recipe, run, listening) if team.leads else _WAITED
        team.agree(False)  # nobody leaves before the leader has written
        return result


#: of a process that did not solve
_WAITED = TrainingResult("finished", 1, 1, 1)


def _solved(
    model: nn.ModuleDict, task: Task, data: Data, recipe: Recipe, run: Run, listening: Listening
) -> TrainingResult:
    assert recipe.solver is not None  # whoever calls has seen it
    began, facts = time.perf_counter(), run.facts
    run.record(steps=1)
    architecture, names = run.text("architecture.yaml"), (facts.task.name, facts.data.name or "")
    listening.start(Began(run.folder, *names, architecture, recipe.to_dict(), 0, 1))
    reseed(torch.device("cpu"), torch.Generator(), recipe.seed, "solver")
    SOLVERS.get(recipe.solver)(model, task, data, recipe.seed, **recipe.solver_settings)
    model.eval()
    seconds = time.perf_counter() - began
    scores = _scores(model, task, data, recipe)
    line = {
        "step": 1, "epoch": 1.0, "lr": 0.0, "loss": {}, "validation": scores, "seconds": seconds, "waited": 0.0,
        "rate": data.sizes["train"] / seconds,
    }  # fmt: skip
    run.write_history([line])
    listening.after_evaluation(line)
    run.save_weights(model, {"step": 1, "steps": 1, "validation": scores})
    calibrate(task, model, data, run)
    answers = plans_for_answers(model, data, recipe.plan, seconds)
    run.record(
        status="finished", seconds=seconds, waited=0.0, **({} if answers is None else {"answers": answers.to_dict()})
    )
    return TrainingResult("finished", 1, 1, 1, scores, f"solved by {recipe.solver}")


def _scores(model: nn.ModuleDict, task: Task, data: Data, recipe: Recipe) -> dict[str, float]:
    """The metrics on the validation split; none without one."""
    if not data.sizes.get("validation"):
        return {}
    return recipe.scoring(task).evaluate(model, data.batches("validation", recipe.batch_size))
