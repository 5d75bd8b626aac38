"""A run folder → its model and task, ready to answer: raw examples in, answers out, and metrics on a split of data.

The folder is all that is needed: it holds the fitted preprocessing; the training data are not read. Answers are
computed under the run's plan for batches of about the same size. An executor is made once for each plan; `model` itself
is never changed.
"""

import weakref
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import nn

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Architecture
from weftnet.base import tensors
from weftnet.base.foreign import reading
from weftnet.base.heap import kept_memory
from weftnet.compose import build
from weftnet.data import Batch, Data, Preprocessing
from weftnet.data.batch import at_once
from weftnet.data.outputs import Outputs, finite
from weftnet.errors import DamagedCheckpoint, DataError, RunError, WeftnetError, meant
from weftnet.execution.executor import Executor
from weftnet.execution.plan import Plan
from weftnet.execution.planned import PlanChoice
from weftnet.metrics._left_out import LeftOut
from weftnet.run.bounds import refuse_other_sizes
from weftnet.run.contents import contents, parts_of, scoring_of
from weftnet.run.delta import fill, shapes_of
from weftnet.run.folder import WEIGHTS, Run
from weftnet.run.onnx_network import OnnxNetwork
from weftnet.tasks._own_pixels import in_own_pixels
from weftnet.tasks._scoring import Scoring
from weftnet.tasks._task import Task


@dataclass(frozen=True)
class Loaded:
    """A run in memory.

    Args:
        run: the folder.
        architecture: complete, head included.
        task: as it was trained.
        signals: the inputs by name.
        model: the networks by part, with the run's weights, in evaluation mode.
        plans: for answers, by the size of the batch.
    """

    run: Run
    architecture: Architecture
    task: Task
    signals: dict[str, Signal]
    model: nn.ModuleDict
    plans: PlanChoice = field(default_factory=PlanChoice)

    @cached_property
    def preprocessing(self) -> Preprocessing:
        """The fitted preprocessing, from raw columns to inputs; one running text is a column of prompts."""
        return Preprocessing.from_state(self.run.json("data.json").get("preprocessing", {}))

    def encode(self, raw: Mapping[str, Any]) -> Batch:
        """Raw values by column as the network's inputs."""
        return Batch.of(self.preprocessing.encode(raw))

    def outputs(self, batch: Batch, options: Mapping[str, Any] | None = None) -> Outputs:
        """What the task infers for a batch, without gradients, under the plan for batches of its size.

        Where that plan keeps memory, the process does so from then on, for as long as this object lives.

        Raises:
            RunError: the run has several networks, none of which answers alone, or weights that are not finite.
            DataError: a value is too large, so that an output is not finite.
            SettingError: there are no such options.
        """
        plan = self.plans.answering(batch.size)
        executor = self._executor(plan)
        if plan.keep_memory:
            self._memory  # noqa: B018  (reading it starts it)
        with torch.inference_mode():
            outputs = self.task.infer(executor.model, executor.place(batch), options)
        if not finite(outputs):
            raise self._not_finite()
        return outputs

    def _not_finite(self) -> WeftnetError:
        """Why outputs are not finite: the weights, or else a value of the rows."""
        where = str(self.run.folder)
        if not all(bool(each.isfinite().all()) for each in self.model.parameters()):
            return RunError("the network's weights are not finite", where=where, fix="train it again with a lower rate")
        fix = "give values in the range of the training data"
        return DataError("an answer is not a finite number: a value is too large for this model", where=where, fix=fix)

    def predict(self, raw: Mapping[str, Any], options: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """An answer for each raw example, given by columns.

        Raises:
            DataError: a column is missing or a value can't be used.
        """
        batch = self.encode(raw)
        size = at_once(self.signals)
        chunks = (batch.slice(start, start + size) for start in range(0, batch.size, size))
        answers = [answer for chunk in chunks for answer in self.task.answers(self.outputs(chunk, options))]
        return in_own_pixels(self.run.facts.task.name, answers, self.preprocessing.columns, raw)

    def metrics(self, data: Data, split: str) -> dict[str, float]:
        """The metrics on a split of the data, computed under the plan for large batches.

        Raises:
            DataError: the split is empty.
        """
        return self.evaluated(data, split)[0]

    def evaluated(self, data: Data, split: str) -> tuple[dict[str, float], list[float]]:
        """The metrics, and what each group of examples says of the one that decides.

        Raises:
            DataError: the split is empty.
        """
        if not data.sizes.get(split):
            got = ", ".join(f"{name} {count}" for name, count in data.sizes.items())
            fix = meant(split, [name for name, count in data.sizes.items() if count])
            raise DataError(f"the data have no {split} split", where=data.name, got=got, fix=fix)
        size = at_once(data.signals)
        plan = self.plans.scoring(size)
        executor = self._executor(plan)
        examples = LeftOut(self.scoring.metric())
        batches = examples.of_batches(map(executor.place, data.batches(split, size)))
        with kept_memory(plan.keep_memory):
            metrics = self.scoring.evaluate(executor.model, batches, examples)
        return metrics, examples.values()

    @cached_property
    def scoring(self) -> Scoring:
        """The run's metrics, and which of them decided."""
        return scoring_of(self.run, self.task)

    @cached_property
    def _executors(self) -> dict[Plan, Executor]:
        return {}

    @cached_property
    def _memory(self) -> ExitStack:
        stack = ExitStack()
        stack.enter_context(kept_memory())
        weakref.finalize(self, stack.close)
        return stack

    def _executor(self, plan: Plan) -> Executor:
        """The plan's executor, made anew once the weights have changed; in training mode that of the plain plan."""
        if self.model.training:
            return Executor(self.model, Plan())
        if plan.keep_memory:
            plan = plan.but(keep_memory=False)  # a setting of the process: the executor is the same without it
        executor = self._executors.get(plan)
        if executor is None or not executor.current:
            executor = self._executors[plan] = Executor(self.model, plan)
        return executor


def load(run: Run | str | Path) -> Loaded:
    """The model of a run, from its folder alone.

    >>> loaded = weftnet.load_run("runs/digits/mlp-seed0")
    >>> loaded.predict({"x": [[[0.0] * 8] * 8]})[0].keys()
    dict_keys(['label', 'probabilities'])

    Raises:
        RunError: there is no run, or it is not finished.
        DamagedCheckpoint: a file is not what was written.
    """
    run = run if isinstance(run, Run) else Run.open(run)
    with reading(run.folder, "can't be loaded", error=RunError):
        return _loaded(run)


def _loaded(run: Run) -> Loaded:
    architecture, task, signals = contents(run)
    inputs = parts_of(run, architecture, task, signals)
    _refuse_other_data(run, task, signals)
    if run.facts.engine is not None:
        model = nn.ModuleDict({"network": OnnxNetwork(run.file(run.facts.engine.file), inputs["network"])})
        return Loaded(run, architecture, task, signals, model.eval())
    plans = PlanChoice(run.facts.answers, run.facts.plan.plan if run.facts.plan else Plan())
    refuse_other_sizes(architecture, inputs, task, shapes_of(run), run.file(run.weights_file))
    model = build(architecture, inputs)
    if run.facts.delta is None:
        run.load_weights(model)
    else:
        fill(run, model, weights_of)
    return Loaded(run, architecture, task, signals, model.eval(), plans)


def weights_of(run: Run) -> dict[str, torch.Tensor]:
    """The weights of a run by name, whether it holds all of them or only what differs from its base.

    Raises:
        RunError: there are none, or the base is gone or has changed.
        DamagedCheckpoint: a file is not what was written.
    """
    if run.facts.delta is None:
        return tensors.load(run.file(WEIGHTS))
    return load(run).model.state_dict()


def _refuse_other_data(run: Run, task: Task, signals: Mapping[str, Signal]) -> None:
    """Refuse a fitted preprocessing whose inputs are not the network's, or whose classes are not the task's.

    Raises:
        DamagedCheckpoint: it does.
        DataError: the preprocessing can't be read.
    """
    state, where = run.json("data.json"), str(run.folder / "data.json")
    fitted = Preprocessing.from_state(state.get("preprocessing", {}))
    actual, expected = ({name: signal.text() for name, signal in each.items()} for each in (fitted.signals, signals))
    if actual != expected:
        what = "has other inputs than run.json"
        raise DamagedCheckpoint(what, where=where, expected=str(expected), got=str(actual))
    labels, of_task = getattr(fitted.target, "labels", None), getattr(task, "labels", None)
    if labels is not None and of_task is not None and list(map(str, labels)) != list(map(str, of_task)):
        what, got = "has other labels than the task", f"{len(labels)}: {labels[:9]}"
        raise DamagedCheckpoint(what, where=where, expected=f"{len(of_task)} labels: {of_task[:9]}", got=got)
