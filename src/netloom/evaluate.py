"""A run folder → its model and task, ready to answer; and its metrics on a part of some data."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import nn

from netloom.build import build
from netloom.data import Data
from netloom.errors import DataError
from netloom.run import Run
from netloom.signal import Signal
from netloom.spec import Architecture
from netloom.train.running import contents

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
    model = build(architecture, task.inputs(signals))
    run.load_weights(model)
    return Loaded(run, architecture, task, signals, model.eval())
