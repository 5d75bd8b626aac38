"""Steps of a training on a copy of the model, to measure their time and their values; they leave no trace."""

import copy
import math
import time
from collections.abc import Callable
from contextlib import ExitStack
from itertools import islice
from typing import Self

import torch
from torch import Tensor, nn

from weftnet.data.batch import Batch
from weftnet.data.data import Data
from weftnet.execution.executor import Executor
from weftnet.execution.plan import Plan
from weftnet.tasks._task import Task
from weftnet.train.augment import Augment
from weftnet.train.evaluation import evaluate
from weftnet.train.freezing import to_training
from weftnet.train.randomness import device_of, reseed
from weftnet.train.recipe import Recipe
from weftnet.train.state import State
from weftnet.train.step import take_step

#: Batches of the validation split that are timed.
EVALUATED = 4


class Trial:
    """A training on a copy of the model, under some plan; use it as a context.

    Args:
        model: is copied.
        task, data, recipe: of the training.
        plan: how its steps are executed.
    """

    def __init__(self, model: nn.ModuleDict, task: Task, data: Data, recipe: Recipe, plan: Plan) -> None:
        self.executor = Executor(copy.deepcopy(model), plan)
        self.model = self.executor.model
        self._buffers = [buffer.detach().clone() for buffer in model.buffers()]
        self.task, self.data, self.recipe, self.plan = task, data, recipe, plan
        self.device, self.augment = device_of(model), Augment(recipe.augment, data)
        self.generator = torch.Generator(self.device)
        self._stack = ExitStack()
        self._number = 0

    def __enter__(self) -> Self:
        self._stack.enter_context(self.executor)
        self.state = State(self.model, self.task, self.recipe)
        self.state.set_rate(0.0)
        to_training(self.model)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def step(self) -> float:
        """Seconds of the next step, including its batch."""
        return self._timed(time.perf_counter)

    def work(self) -> float:
        """As `step`, in CPU time, which other load on the machine disturbs less."""
        return self._timed(time.process_time)

    def _timed(self, clock: Callable[[], float]) -> float:
        with self.executor.process_settings():
            began = clock()
            reseed(self.device, self.generator, self.recipe.seed, self._number)
            batches = ((self._batch(self._number), 1.0) for _ in range(self.recipe.accumulate))
            losses = take_step(self.state, self.task, batches, self.generator, self.recipe, self.executor)
            float(losses[-1][1])  # waits for the device
            self._number += 1
            return clock() - began

    def gradients(self, draw: int) -> tuple[list[float], list[Tensor]]:
        """The losses of the first batch, and the gradients of all of them; `draw` seeds the layers' random numbers.

        Buffers are reset first, so that statistics of norms from earlier steps make no difference.
        """
        for buffer, initial in zip(self.model.buffers(), self._buffers, strict=True):
            buffer.detach().copy_(initial)
        reseed(self.device, self.generator, self.recipe.seed, 0)
        batch = self._batch(0)
        self.model.zero_grad()
        values = []
        self.generator.manual_seed(self.recipe.seed)
        torch.manual_seed(draw)
        with self.executor.process_settings():
            for group, loss in self.executor.losses(
                self.task, self.model, batch, self.generator, self.recipe.auxiliary
            ):
                loss.backward(inputs=self.state.learning(group))  # type: ignore[no-untyped-call]
                values.append(float(loss.detach()))
        gradients = [p.grad.detach().clone() for p in self.model.parameters() if p.grad is not None]
        self.model.zero_grad()
        return values, gradients

    def evaluation(self) -> float:
        """Seconds of a whole evaluation, estimated from a few of its batches; 0 without a validation split."""
        count = math.ceil(self.data.sizes.get("validation", 0) / self.recipe.batch_size)
        if not count:
            return 0.0
        began = time.perf_counter()
        few = map(self.executor.place, islice(self.data.batches("validation", self.recipe.batch_size), EVALUATED))
        with self.executor.process_settings():
            scoring = self.recipe.scoring(self.task)
            evaluate(self.state, scoring, few, self.device, self.generator, self.recipe.seed)
        return (time.perf_counter() - began) / min(count, EVALUATED) * count

    def _batch(self, number: int) -> Batch:
        batch = self.data.train_batch(number, self.recipe.batch_size, self.recipe.seed).to(self.device)
        return self.executor.place(self.augment(batch, self.generator))
