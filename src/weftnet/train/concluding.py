"""The end of a training: which weights are kept, and what is left in the run folder."""

from typing import Any

from torch import nn

from weftnet.data.data import Data
from weftnet.execution.answering import plans_for_answers
from weftnet.run.folder import Run
from weftnet.tasks._task import Task
from weftnet.train.calibrating import calibrate
from weftnet.train.choosing import reason
from weftnet.train.keeping import keep
from weftnet.train.recipe import Recipe
from weftnet.train.result import TrainingResult
from weftnet.train.state import State


def to_be_resumed(state: State, recipe: Recipe, run: Run) -> bool:
    """Whether somebody stopped the training before its end."""
    return state.stopped and state.step < (run.steps or 1) and not state.out_of_patience(recipe.patience)


def keep_weights(state: State) -> None:
    """Give the model that is trained the best weights, or the last ones."""
    if state.best:
        state.model.load_state_dict({**state.model.state_dict(), **state.best})
    else:
        state.average.make_permanent()


def conclude(state: State, model: nn.ModuleDict, task: Task, data: Data, recipe: Recipe, run: Run) -> TrainingResult:
    """Write the weights that were kept; or, if the training was stopped before its end, leave the run to be resumed.

    Args:
        state: after the last step.
        model: has these weights, but for those of several workers, which are gathered.
        task, data, recipe: of the training.
        run: to write to.
    """
    steps = run.steps or 1
    run.write_history(state.history)
    if to_be_resumed(state, recipe, run):
        return _stopped(state, steps, run)
    state.team.gather(state.model, model)
    model.eval()
    step, metrics = _kept(state)
    about = {"step": step, "steps": state.step, "validation": metrics}
    told = keep(model, run, about, state.team.leads)
    if state.team.leads:
        calibrate(task, model, data, run)
    answers = plans_for_answers(model, data, recipe.plan, state.seconds) if state.team.leads else None
    facts: dict[str, Any] = {} if answers is None else {"answers": answers.to_dict()}
    run.record(status="finished", seconds=state.seconds, waited=state.waited, **facts)
    state.checkpoints(run.folder).clear()
    early = state.out_of_patience(recipe.patience)
    why = f", early after {recipe.patience} evaluations without a better score" if early else ""
    chosen = f"the weights are those of step {step}{reason(recipe, data)}"
    message = f"finished after step {state.step} of {steps}{why}; {chosen}{told}"
    return TrainingResult("finished", state.step, steps, step, metrics, message)


def _stopped(state: State, steps: int, run: Run) -> TrainingResult:
    """Of a training that somebody stopped: its last checkpoint is written already."""
    run.record(status="stopped", seconds=state.seconds, waited=state.waited)
    run.sign("history.jsonl")
    message = f"stopped after step {state.step} of {steps}; continue with: weftnet resume {run.folder}"
    return TrainingResult("stopped", state.step, steps, state.best_step, {}, message)


def _kept(state: State) -> tuple[int, dict[str, float]]:
    """The step of the weights that are kept, and their metrics."""
    step = state.best_step if state.best else state.step
    evaluated = (line["validation"] for line in reversed(state.history) if line["step"] == step)
    return step, next(evaluated, {})
