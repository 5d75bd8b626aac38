"""A run folder → its model and task, ready to answer: raw examples in, answers out, and metrics on a part of some data.

Nothing but the folder is needed: the fitted preprocessing lies in it, the training data don't.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from netloom.build import build
from netloom.data import Batch, Data, Preprocessing
from netloom.errors import DataError, RunError
from netloom.run import Run
from netloom.signal import Signal
from netloom.spec import Architecture
from netloom.train.bounds import refuse_other_sizes
from netloom.train.running import contents, parts_of

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
    """

    run: Run
    architecture: Architecture
    task: Any
    signals: dict[str, Signal]
    model: nn.ModuleDict

    @cached_property
    def preprocessing(self) -> Preprocessing:
        """The fitted preprocessing, from raw columns to inputs.

        Raises:
            RunError: the run reads a running text, which has no columns.
        """
        state = self.run.json("data.json")
        if state.get("form") != "rows":
            raise RunError(
                "reads no rows of columns", where=str(self.run.folder), got=f"data of form {state.get('form')}"
            )
        return Preprocessing.from_state(state["preprocessing"])

    def encode(self, raw: Mapping[str, Any]) -> Batch:
        """Raw values by column as the network's inputs."""
        return Batch.of(self.preprocessing.encode(raw))

    def outputs(self, batch: Batch) -> Tensor:
        """What the network gives for a batch, without gradients.

        Raises:
            RunError: the run has several networks, none of which answers alone.
        """
        if tuple(self.model) != ("network",):
            raise RunError("has no single network that answers", where=str(self.run.folder), got=", ".join(self.model))
        with torch.inference_mode():
            given: Tensor = self.model["network"](batch.inputs, batch.masks)
        return given

    def predict(self, raw: Mapping[str, Any]) -> list[dict[str, Any]]:
        """An answer for each raw example, given by columns.

        Raises:
            DataError: a column is missing or a value can't be used.
        """
        batch = self.encode(raw)
        parts = [self.outputs(batch.part(start, start + BATCH)) for start in range(0, batch.size, BATCH)]
        answers: list[dict[str, Any]] = self.task.answers(torch.cat(parts))
        return answers

    def metrics(self, data: Data, split: str) -> dict[str, float]:
        """The task's metrics on a part of the data.

        Raises:
            DataError: the part is empty.
        """
        if not data.sizes.get(split):
            raise DataError(f"the data have no {split} part", where=data.name, got=str(data.sizes))
        found: dict[str, float] = self.task.evaluate(self.model, data.batches(split, BATCH))
        return found


def load(run: Run | str | Path) -> Loaded:
    """The model of a run, from its folder alone.

    Raises:
        RunError: there is no run, or it was not finished.
        DamagedCheckpoint: a file is not what was written.
    """
    run = run if isinstance(run, Run) else Run.open(run)
    architecture, task, signals = contents(run)
    inputs = parts_of(run, architecture, task, signals)
    refuse_other_sizes(architecture, inputs, run.file("weights.safetensors"))
    model = build(architecture, inputs)
    run.load_weights(model)
    return Loaded(run, architecture, task, signals, model.eval())
