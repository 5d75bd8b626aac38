"""The training loop: one for every task, whatever its parts, losses and metrics."""

import time
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import nn

from weftnet.base.files import probe
from weftnet.errors import SettingError
from weftnet.execution.answering import plans_for_answers
from weftnet.execution.plan import Plan
from weftnet.optim import SCHEDULES
from weftnet.run.folder import Run
from weftnet.train.augment import Augment
from weftnet.train.budget import count_steps
from weftnet.train.checkpoint import KEPT
from weftnet.train.evaluation import evaluate
from weftnet.train.feed import Feed
from weftnet.train.interrupt import Interrupt
from weftnet.train.losses import Losses
from weftnet.train.planning import plan_of
from weftnet.train.progress import Progress, Quiet
from weftnet.train.randomness import device_of, start, step_seeds
from weftnet.train.recipe import Recipe
from weftnet.train.state import State
from weftnet.train.step import take_step
from weftnet.train.team import ALONE, Team

#: Seconds between two looks at the losses, which wait for the device.
_LOOK = 0.25
#: Seconds between two writings of the history, which wait for the disk.
_NOTE = 1.0


@dataclass(frozen=True)
class TrainingResult:
    """How a training ended.

    Args:
        status: "finished" or "stopped".
        step: steps done.
        steps: steps planned; more than `step` after an early or asked-for stop.
        best_step: after which step the weights that were kept stood.
        metrics: their metrics on the validation split.
        message: a sentence for a person.
    """

    status: str
    step: int
    steps: int
    best_step: int
    metrics: dict[str, float]
    message: str


def train(
    model: nn.ModuleDict, task: Any, data: Any, recipe: Recipe, run: Run, *, progress: Progress | None = None,
    team: Team = ALONE,
) -> TrainingResult:  # fmt: skip
    """Train, from the run's newest checkpoint if it has one; the model ends with the weights that are kept.

    Args:
        model: the networks by part, on the device to train on.
        task: gives losses and metrics.
        data: gives batches.
        recipe: how.
        run: where checkpoints, history, weights and metrics go.
        progress: is told how it goes.
        team: of processes that train it together, all of which call this.

    Raises:
        TrainingError: a loss is not finite.
        RunError: the run can't be written, or none of its checkpoints read.
        SettingError: the recipe doesn't fit task or data.
    """
    show = progress or Quiet()
    if recipe.threads:
        torch.set_num_threads(recipe.threads)
    if recipe.patience and not data.sizes.get("validation"):
        raise SettingError("patience needs a validation split", where="recipe: patience", got="none in the data")
    team.check(task, recipe)
    if (device := device_of(model)).type == "cuda":
        data = data.to(device)
    with Interrupt() as interrupt, run.training(), closing(show):
        plan = _prepared(model, task, data, recipe, run, team)
        with plan.on(model), Feed(data, recipe.batch_size, recipe.seed) as feed:
            state = _steps(model, task, feed, recipe, run, plan, show, interrupt, team)
        outcome = _end(state, model, data, recipe, run)
        team.agree(False)  # nobody leaves before the leader has written
        return outcome


def _prepared(model: nn.ModuleDict, task: Any, data: Any, recipe: Recipe, run: Run, team: Team) -> Plan:
    """The plan and the number of steps, put into the run before the first step: from then on both are fixed."""
    if "plan" not in run.document:
        planned = plan_of(model, task, data, team.local_recipe(recipe, data))
        run.record(plan=team.from_leader(planned.document()))
    plan = Plan.from_dict(run.document["plan"]["plan"])
    if run.steps is None:
        spent = run.document["plan"]["seconds"]
        run.record(steps=count_steps(model, task, data, recipe, plan, spent, team))
    return plan


def _steps(
    model: nn.ModuleDict, task: Any, feed: Feed, recipe: Recipe, run: Run, plan: Plan, show: Progress,
    interrupt: Interrupt, team: Team,
) -> State:  # fmt: skip
    """The steps themselves, until they are done or somebody asks to stop."""
    data, device, state = feed.data, device_of(model), State(model, task, recipe, team)
    augment, generator = Augment(recipe.augment, data), torch.Generator(device)
    settings = dict(recipe.schedule_settings) | ({} if recipe.warmup is None else {"warmup": recipe.warmup})
    schedule = partial(SCHEDULES.get(recipe.schedule), **settings)

    checkpoints = team.checkpoints(run.folder / "checkpoints", state.like)
    if team.leads:
        probe(run.folder, (KEPT + 1) * state.bytes)
    newest, complaints = checkpoints.newest()
    for complaint in complaints:
        show.note(f"{complaint}\n  the checkpoint before it is used")
    if newest:
        state.load(newest.step, newest.tensors, newest.facts)
    steps, per_epoch = run.steps or 1, data.steps_per_epoch(recipe.batch_size)
    every = recipe.evaluation_interval(per_epoch)

    losses, examples = Losses(state.sums), recipe.batch_size * recipe.accumulate
    seeds = step_seeds(recipe.seed, state.step, *team.seed_key)
    model.train()
    run.write_history(state.history)
    show.start(state.step, steps)
    began = looked = written = noted = time.perf_counter()
    earlier, first, feed.waited = state.seconds, state.step, state.waited
    (state.stopped,) = team.agree(interrupt.asked)
    if state.stopped:  # while the plan was measured
        checkpoints.save(state.step, *state.saved())
    while state.step < steps and not state.stopped and not (recipe.patience and state.stale >= recipe.patience):
        start(device, generator, next(seeds))
        state.set_rate(schedule((state.step + 0.5) / steps))
        batches = (
            (plan.place(augment(share.to(device), generator)), weight)
            for number in range(state.step * recipe.accumulate, (state.step + 1) * recipe.accumulate)
            for share, weight in [team.share(feed.train_batch(number))]
        )
        losses.add(state.step, take_step(state, task, batches, generator, recipe, plan))
        state.step += 1

        now = time.perf_counter()
        due = state.step % every == 0 or state.step == steps
        state.stopped, late = team.agree(interrupt.asked, now - written >= recipe.checkpoint_every)
        save = state.stopped or late
        if due or save or now - looked >= _LOOK:
            losses.settle()
            rate = (state.step - first) * examples / (now - began)
            show.update(state.step, losses.last, rate)
            looked = now
        if due or save:
            team.average(state.sums)
        if due:
            metrics: dict[str, float] = {}
            if data.sizes.get("validation"):
                with state.average.in_place():
                    split = map(plan.place, feed.batches("validation"))
                    metrics = evaluate(state, task, split, device, generator, recipe.seed)
                    state.score(metrics.get(task.score), task.better, keep=recipe.keep == "best")
            line = {
                "step": state.step,
                "epoch": state.step * recipe.accumulate / per_epoch,
                "lr": state.rate,
                "loss": losses.means(),
                "validation": metrics,
                "seconds": earlier + time.perf_counter() - began,
                "waited": feed.waited,
                "rate": rate,
            }
            state.history.append(line)
            show.evaluated(line)
        if save or (due and now - noted >= _NOTE):
            run.write_history(state.history)
            noted = now
        if save:
            state.seconds, state.waited = earlier + time.perf_counter() - began, feed.waited
            checkpoints.save(state.step, *state.saved())
            written = time.perf_counter()
    checkpoints.settle()
    state.seconds, state.waited = earlier + time.perf_counter() - began, feed.waited
    team.restore(model)
    return state


def _end(state: State, model: nn.ModuleDict, data: Any, recipe: Recipe, run: Run) -> TrainingResult:
    """Write what is kept, and how it answers fastest; or leave the run to be resumed."""
    steps = run.steps or 1
    run.write_history(state.history)
    patient = not (recipe.patience and state.stale >= recipe.patience)
    if state.stopped and state.step < steps and patient:
        run.record(status="stopped", seconds=state.seconds, waited=state.waited)
        message = f"stopped after step {state.step} of {steps}; continue with: weftnet resume {run.folder}"
        return TrainingResult("stopped", state.step, steps, state.best_step, {}, message)
    kept = state.best_step if state.best else state.step
    if state.best:
        state.model.load_state_dict(state.best)
    else:
        state.average.make_permanent()
    state.team.gather(state.model, model)
    model.eval()
    metrics: dict[str, float] = next(
        (line["validation"] for line in reversed(state.history) if line["step"] == kept), {}
    )
    run.save_weights(model, {"step": kept, "steps": state.step, "validation": metrics})
    answers = plans_for_answers(model, data, recipe.plan, state.seconds) if state.team.leads else None
    told = {} if answers is None else {"answers": answers}
    run.record(status="finished", seconds=state.seconds, waited=state.waited, **told)
    state.team.checkpoints(run.folder / "checkpoints", state.like).clear()
    early = "" if patient else f", early after {recipe.patience} evaluations without a better score"
    message = f"finished after step {state.step} of {steps}{early}; the weights are those of step {kept}"
    return TrainingResult("finished", state.step, steps, kept, metrics, message)
