"""The training loop: one for every task, whatever its parts, losses and metrics."""

import time
from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from functools import partial
from types import MappingProxyType

import torch
from torch import nn

from weftnet.base.files import probe
from weftnet.data.batch import Batch
from weftnet.data.data import Data
from weftnet.errors import SettingError
from weftnet.execution.executor import Executor
from weftnet.optim import SCHEDULES
from weftnet.run.folder import Run
from weftnet.tasks._task import Task
from weftnet.train.augment import Augment
from weftnet.train.beginning import fix_plan_and_steps
from weftnet.train.budget import budget_of
from weftnet.train.checkpoint import KEPT
from weftnet.train.choosing import deciding, settled
from weftnet.train.clock import Clock
from weftnet.train.concluding import conclude, keep_weights, to_be_resumed
from weftnet.train.evaluation import evaluate
from weftnet.train.feed import Feed
from weftnet.train.freezing import to_training
from weftnet.train.interrupt import Interrupt
from weftnet.train.listeners._listener import Began, Listener, Step
from weftnet.train.listening import Listening
from weftnet.train.losses import Losses
from weftnet.train.pace import Pace
from weftnet.train.pacing import Pacer
from weftnet.train.randomness import device_of, set_seed, step_seeds
from weftnet.train.recipe import Recipe
from weftnet.train.result import TrainingResult
from weftnet.train.solving import solve
from weftnet.train.state import NOWHERE, State
from weftnet.train.step import GivesLosses, take_step
from weftnet.train.teacher.lesson import Lesson, forget, lesson_of
from weftnet.train.team import ALONE, Team
from weftnet.train.worker import no_failure_of_an_orphan


def train(
    model: nn.ModuleDict, task: Task, data: Data, recipe: Recipe, run: Run, *, listeners: Sequence[Listener] = (),
    team: Team = ALONE, began: float | None = None,
) -> TrainingResult:  # fmt: skip
    """Train, from the run's newest checkpoint if it has one; the model ends with the weights that are kept.

    Args:
        model: the networks by part, on the device to train on.
        task: gives losses and metrics.
        data: gives batches.
        recipe: how to train.
        run: receives checkpoints, history, weights and metrics.
        listeners: are told of it, by the first of several processes.
        team: the processes that train it together, all of which call this.
        began: when the budget began, on `time.perf_counter`; now, if left out.

    Raises:
        TrainingError: a loss is not finite.
        RunError: the run can't be written, or none of its checkpoints can be read.
        SettingError: the recipe doesn't fit task or data.
    """
    began = time.perf_counter() if began is None else began
    if recipe.threads:
        torch.set_num_threads(recipe.threads)
    if recipe.solver is not None:
        return solve(model, task, data, recipe, run, listeners, team)
    recipe = settled(recipe, task, data)
    if recipe.patience and not data.sizes.get("validation"):
        raise SettingError("patience needs a validation split", where="recipe: patience", got="none in the data")
    team.check(task, recipe)
    if (device := device_of(model)).type == "cuda":
        data = data.to(device)
    before = time.perf_counter()
    lesson = lesson_of(model, task, data, recipe, run, team)
    began += time.perf_counter() - before  # a teacher's pass is no part of the budget
    listening, interrupt = Listening(listeners if team.leads else (), run.folder), Interrupt()
    with listening, interrupt, run.training(), no_failure_of_an_orphan():
        plan = fix_plan_and_steps(model, task, data, recipe, run, team, began)
        feeding = Feed(data, recipe.batch_size, recipe.seed)
        with Executor(model, plan) as executor, executor.process_settings(), feeding as feed, lesson or nullcontext():
            started = run.facts.start or NOWHERE
            state = State(executor.model, task, recipe, team, started, lesson.hints if lesson else None)
            Loop(state, task, feed, recipe, executor, run, listening, interrupt, lesson).train()
            team.restore(executor.model)
            if not to_be_resumed(state, recipe, run):
                keep_weights(state)
        listening.result = result = conclude(state, model, task, data, recipe, run)
        if team.leads and result.status == "finished":
            forget(run)
        team.agree(False)  # nobody leaves before the leader has written
        return result


class Loop:
    """The steps of a training, and what is done between them.

    Args:
        state: the model to train, its optimisers; the newest checkpoint is loaded into it.
        task: gives losses and metrics.
        feed: gives batches.
        recipe: how to train.
        executor: of the model that is trained; it places batches and computes losses as its plan says.
        run: receives checkpoints and history.
        listening: the listeners, which are told of every step and evaluation.
        interrupt: tells whether somebody asks to stop.
        lesson: computes the losses, where there is a teacher.
    """

    def __init__(
        self, state: State, task: Task, feed: Feed, recipe: Recipe, executor: Executor, run: Run,
        listening: Listening, interrupt: Interrupt, lesson: Lesson | None = None,
    ) -> None:  # fmt: skip
        self.state, self.task, self.feed, self.recipe, self.executor = state, task, feed, recipe, executor
        self.run, self.listening, self.interrupt, self.team = run, listening, interrupt, state.team
        self.device = device_of(state.model)
        self.giving: GivesLosses = executor
        if lesson is not None:
            self.giving = lesson
            lesson.attend(executor, state.model)
        self.scoring = recipe.scoring(task)
        self.deciding = deciding(self.scoring, recipe.keep)
        self.generator = torch.Generator(self.device)
        self.augment = Augment(recipe.augment, feed.data)
        settings = dict(recipe.schedule_settings) | ({} if recipe.warmup is None else {"warmup": recipe.warmup})
        self.schedule = partial(SCHEDULES.get(recipe.schedule), **settings)
        self.checkpoints = state.checkpoints(run.folder)
        self.steps_per_epoch = feed.data.steps_per_epoch(recipe.batch_size)
        self.pacer = Pacer(run, budget_of(feed.data, recipe), recipe.evaluation_interval(self.steps_per_epoch))

    def train(self) -> None:
        """All steps that are left, unless somebody asks to stop or the score has stopped improving."""
        self._load_checkpoint()
        self._begin()
        while not self._over():
            self._step()
            evaluate, save = self._due()
            if evaluate or save:
                self._read_losses()
                self.team.average(self.state.sums)
            elif self.clock.reading.due(self.clock.now):
                self._read_losses()
            elif self.listening.every_step:
                self.losses.settle()
                self.listening.after_step(self._facts(), every=True)
            if evaluate:
                self._evaluate()
            if save or (evaluate and self.clock.history.due(self.clock.now)):
                self._write_history()
            if save:
                self._save_checkpoint()
        self.checkpoints.settle()
        self._note_time()

    def _load_checkpoint(self) -> None:
        """See whether the disk has room for checkpoints; continue from the newest one, if there is any."""
        if self.team.leads:
            probe(self.run.folder, (KEPT + 1) * self.state.bytes)
        newest, complaints = self.checkpoints.newest()
        for complaint in complaints:
            self.listening.note(f"{complaint}\n  the checkpoint before it is used")
        if newest:
            self.state.load(newest.step, newest.tensors, newest.facts)

    def _begin(self) -> None:
        """Start the clock; if somebody asked to stop while the plan was measured, leave a checkpoint at once."""
        state = self.state
        self.seeds = step_seeds(self.recipe.seed, state.step, *self.team.seed_key)
        self.losses = Losses(state.sums)
        to_training(state.model)
        self.run.write_history(state.history)
        self.first, self.feed.waited = state.step, state.waited
        self.clock = Clock(state.seconds, self.recipe.checkpoint_every)
        self.pacer.start(state.step, state.seconds)
        if self.team.leads:
            self.listening.start(self._start())
        (state.stopped,) = self.team.agree(self.interrupt.asked)
        if self.run.facts.start and not state.step:
            for line in self.run.facts.start.lines:
                self.listening.note(line)
        if state.stopped or (self.run.facts.start and not state.step):  # resumed without the run it starts from
            self.checkpoints.save(state.step, *state.saved())

    @property
    def pace(self) -> Pace:
        """The steps, as they were decided last."""
        return self.pacer.pace

    def _over(self) -> bool:
        state = self.state
        return state.step >= self.pace.steps or state.stopped or state.out_of_patience(self.recipe.patience)

    def _step(self) -> None:
        """Reseed all generators of random numbers, set the learning rate, update the weights."""
        state = self.state
        state.thaw(self.pace.progress(state.step))
        set_seed(self.device, self.generator, next(self.seeds))
        state.set_rate(self.schedule(self.pace.progress(state.step + 0.5)))
        losses = take_step(state, self.task, self._batches(), self.generator, self.recipe, self.giving)
        self.losses.add(state.step, losses)
        state.step += 1

    def _batches(self) -> Iterator[tuple[Batch, float]]:
        """This process's rows of the step's batches, augmented, each batch with its weight in the mean."""
        first = self.state.step * self.recipe.accumulate
        for number in range(first, first + self.recipe.accumulate):
            rows, weight = self.team.share(self.feed.train_batch(number))
            progress = self.pace.progress(self.state.step)
            yield self.executor.place(self.augment(rows.to(self.device), self.generator, progress)), weight

    def _due(self) -> tuple[bool, bool]:
        """Whether to evaluate and whether to save a checkpoint after this step; the same in every process."""
        state, now = self.state, self.clock.tick()
        revise = self.pacer.due(state.step, self.clock.trained)
        state.stopped, late, revise = self.team.agree(self.interrupt.asked, self.clock.checkpoint.due(now), revise)
        if revise:
            self.pacer.revise(state.step, self.clock.trained, self.team)
        evaluate = state.step % self.pace.every(state.step) == 0 or state.step == self.pace.steps
        return evaluate, state.stopped or late

    def _read_losses(self) -> None:
        """Wait for the device, see whether the losses are finite, and tell the listeners."""
        self.losses.settle()
        self.listening.after_step(self._facts())
        self.clock.reading.last = self.clock.now

    def _evaluate(self) -> None:
        """The metrics on the validation split, and a line of the history."""
        state = self.state
        began = self.clock.seconds
        metrics = self._validate() if self.feed.data.sizes.get("validation") else {}
        self.pacer.evaluated(self.clock.seconds - began)
        line = {
            "step": state.step,
            "epoch": state.step * self.recipe.accumulate / self.steps_per_epoch,
            "lr": state.rate,
            "loss": self.losses.means(),
            "validation": metrics,
            "seconds": self.clock.seconds,
            "waited": self.feed.waited,
            "rate": self._rate(),
        }
        state.history.append(line)
        self.listening.after_evaluation(line)

    def _validate(self) -> dict[str, float]:
        """The metrics of the mean weights, which are kept if their score is the best so far."""
        state, scoring = self.state, self.scoring
        with state.average.in_place():
            batches = map(self.executor.place, self.feed.batches("validation"))
            metrics = evaluate(state, scoring, batches, self.device, self.generator, self.recipe.seed)
            state.score(metrics.get(self.deciding.name), self.deciding.better, keep=self.recipe.keep != "last")
        return metrics

    def _write_history(self) -> None:
        self.run.write_history(self.state.history)
        self.clock.history.last = self.clock.now

    def _save_checkpoint(self) -> None:
        self._note_time()
        self.checkpoints.save(self.state.step, *self.state.saved())
        self.clock.checkpoint.last = self.clock.tick()
        self.listening.after_checkpoint(self.state.step)

    def _note_time(self) -> None:
        """Seconds of training and of waiting for data, into the state."""
        self.state.seconds, self.state.waited = self.clock.seconds, self.feed.waited

    def _start(self) -> Began:
        """What listeners are told first."""
        facts, run = self.run.facts, self.run
        names = facts.task.name, facts.data.name or ""
        architecture = run.text("architecture.yaml")
        return Began(run.folder, *names, architecture, self.recipe.to_dict(), self.state.step, self.pace.steps)

    def _facts(self) -> Step:
        """What listeners are told of a step."""
        state = self.state
        losses = MappingProxyType(dict(self.losses.last))
        return Step(state.step, losses, state.rate, self._rate(), self.clock.seconds, self.pace.steps)

    def _rate(self) -> float:
        """Examples per second since the training was started or resumed."""
        examples = (self.state.step - self.first) * self.recipe.batch_size * self.recipe.accumulate
        return examples / self.clock.running
