"""A run folder → its model and task, ready to answer: raw examples in, answers out, and metrics on a part of some data.

Nothing but the folder is needed: the fitted preprocessing lies in it, the training data don't. Answers are computed
under the plan that the run has for as many examples, each prepared once: `model` itself stays as it was written.
"""

import weakref
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Architecture
from weftnet.base.heap import kept_memory
from weftnet.compose import build
from weftnet.data import Batch, Data, Preprocessing
from weftnet.errors import DamagedCheckpoint, DataError, RunError
from weftnet.execution.executor import Executor
from weftnet.execution.plan import Plan
from weftnet.execution.planned import PlanChoice
from weftnet.execution.session import MASK, Session
from weftnet.run.bounds import refuse_other_sizes
from weftnet.run.contents import contents, parts_of
from weftnet.run.folder import Run
from weftnet.tasks._task import Task

BATCH = 512


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
        """The fitted preprocessing, from raw columns to inputs.

        Raises:
            RunError: the run reads a running text, which has no columns.
        """
        state = self.run.json("data.json")
        if state.get("form") == "windows":
            raise RunError(
                "reads no rows of columns", where=str(self.run.folder), got=f"data of form {state.get('form')}"
            )
        return Preprocessing.from_state(state.get("preprocessing", {}))

    def encode(self, raw: Mapping[str, Any]) -> Batch:
        """Raw values by column as the network's inputs."""
        return Batch.of(self.preprocessing.encode(raw))

    def outputs(self, batch: Batch) -> Tensor:
        """What the network gives for a batch, without gradients, under the plan for as many examples.

        Where that plan keeps memory, the process does so from then on, for as long as this object lives.

        Raises:
            RunError: the run has several networks, none of which answers alone.
        """
        if tuple(self.model) != ("network",):
            raise RunError("has no single network that answers", where=str(self.run.folder), got=", ".join(self.model))
        plan = self.plans.answering(batch.size)
        executor = self._executor(plan)
        if plan.keep_memory:
            self._memory  # noqa: B018  (is kept once it is asked for)
        with torch.inference_mode():
            outputs: Tensor = executor(batch)
        return outputs

    def predict(self, raw: Mapping[str, Any]) -> list[dict[str, Any]]:
        """An answer for each raw example, given by columns.

        Raises:
            DataError: a column is missing or a value can't be used.
        """
        batch = self.encode(raw)
        parts = [self.outputs(batch.slice(start, start + BATCH)) for start in range(0, batch.size, BATCH)]
        answers: list[dict[str, Any]] = self.task.answers(torch.cat(parts))
        return answers

    def metrics(self, data: Data, split: str) -> dict[str, float]:
        """The task's metrics on a part of the data, computed under the plan for large batches.

        Raises:
            DataError: the part is empty.
        """
        if not data.sizes.get(split):
            raise DataError(f"the data have no {split} part", where=data.name, got=str(data.sizes))
        plan = self.plans.scoring(BATCH)
        executor = self._executor(plan)
        with kept_memory(plan.keep_memory):
            return self.task.evaluate(executor.model, map(executor.place, data.batches(split, BATCH)))

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
        """Of a plan: made once, and anew once the weights have changed; of none while the model trains."""
        if self.model.training:
            return Executor(self.model, Plan())
        if plan.keep_memory:
            plan = plan.but(keep_memory=False)  # a setting of the process: the executor is the same without it
        executor = self._executors.get(plan)
        if executor is None or not executor.current:
            executor = self._executors[plan] = Executor(self.model, plan)
        return executor


class OnnxNetwork(nn.Module):
    """A network that ONNX Runtime computes, called like any other; it has no parameters and gives no gradients.

    Args:
        path: the ONNX file; its inputs are the signals, and NAME_mask for padded ones.
        signals: the inputs by name.
    """

    def __init__(self, path: Path, signals: Mapping[str, Signal]) -> None:
        super().__init__()
        self.inputs = dict(signals)
        self._session, self._where = Session(path), str(path)

    def forward(self, inputs: Tensor | Mapping[str, Tensor], masks: Mapping[str, Tensor] | None = None) -> Tensor:
        """The output, on the CPU.

        Raises:
            RunError: a gradient is wanted.
            DataError: an input is missing, or of another shape.
        """
        named = {next(iter(self.inputs)): inputs} if isinstance(inputs, Tensor) else dict(inputs)
        if torch.is_grad_enabled() and any(value.requires_grad for value in named.values()):
            fix = "take the run that it was made from"
            raise RunError("runs in ONNX Runtime, which gives no gradients", where=self._where, fix=fix)
        values = {name: value.detach().cpu().numpy() for name, value in named.items()}
        for name, signal in self.inputs.items():
            if signal.padded and name in values:
                mask = (masks or {}).get(name)
                real = np.ones(values[name].shape[:2], np.bool_) if mask is None else mask.cpu().numpy()
                values[name + MASK] = real
        return torch.from_numpy(next(iter(self._session.run(values).values())))


def load(run: Run | str | Path) -> Loaded:
    """The model of a run, from its folder alone.

    Raises:
        RunError: there is no run, or it was not finished.
        DamagedCheckpoint: a file is not what was written.
    """
    run = run if isinstance(run, Run) else Run.open(run)
    architecture, task, signals = contents(run)
    inputs = parts_of(run, architecture, task, signals)
    _refuse_other_data(run, task, signals)
    if run.facts.engine is not None:
        model = nn.ModuleDict({"network": OnnxNetwork(run.file(run.facts.engine.file), inputs["network"])})
        return Loaded(run, architecture, task, signals, model.eval())
    plans = PlanChoice(run.facts.answers, run.facts.plan.plan if run.facts.plan else Plan())
    refuse_other_sizes(architecture, inputs, task, run.file("weights.safetensors"))
    model = build(architecture, inputs)
    run.load_weights(model)
    return Loaded(run, architecture, task, signals, model.eval(), plans)


def _refuse_other_data(run: Run, task: Task, signals: Mapping[str, Signal]) -> None:
    """Refuse a fitted preprocessing that gives other inputs than the network reads, or other classes than the task's.

    Raises:
        DamagedCheckpoint: it does.
        DataError: the preprocessing can't be read.
    """
    state, where = run.json("data.json"), str(run.folder / "data.json")
    if state.get("form") == "windows":
        return
    fitted = Preprocessing.from_state(state.get("preprocessing", {}))
    found, wanted = ({name: signal.text() for name, signal in each.items()} for each in (fitted.signals, signals))
    if found != wanted:
        raise DamagedCheckpoint(
            "gives other inputs than run.json says", where=where, expected=str(wanted), got=str(found)
        )
    labels, known = getattr(fitted.target, "labels", None), getattr(task, "labels", None)
    if labels is not None and known is not None and list(map(str, labels)) != list(map(str, known)):
        expected, got = f"{len(known)} labels: {known[:9]}", f"{len(labels)}: {labels[:9]}"
        raise DamagedCheckpoint("has other labels than the task", where=where, expected=expected, got=got)
