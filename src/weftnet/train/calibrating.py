"""What a task learns once its network is trained, on examples that the training didn't see: margins of intervals."""

from dataclasses import asdict
from typing import Any

from torch import nn

from weftnet.base.lock import held
from weftnet.data.data import Data
from weftnet.errors import DataError, RunError
from weftnet.run.facts import Calibration
from weftnet.run.folder import Run
from weftnet.run.loading import Loaded
from weftnet.tasks._task import Task


def calibrate(task: Task, model: nn.ModuleDict, data: Data, run: Run) -> None:
    """Ask the task, and keep what it learnt among the settings of the run's task.

    Args:
        task: as it was trained.
        model: the networks by part, with the weights that are kept, in evaluation mode.
        data: of the training.
        run: to write to.
    """
    if task.learnt_last:
        run.record(task=_with(run, task.calibrated(model, data)))


def recalibrate(loaded: Loaded, data: Data, split: str, last: int = 0) -> Calibration:
    """The same for a finished run, from other examples, which it names.

    Args:
        loaded: the run.
        data: opened as the run's.
        split: of them.
        last: the newest so many of them; 0 for all.

    Raises:
        RunError: its task learns nothing then.
        DataError: there are too few examples.
    """
    task, run = loaded.task, loaded.run
    if not task.learnt_last:
        raise RunError("nothing is calibrated", where=str(run.folder), got=f"task {run.facts.task.name}")
    after = task.calibrated(loaded.model, data, split, last)
    if not any(after.settings()[name] for name in task.learnt_last):
        raise DataError(
            "there are too few examples",
            where=data.source,
            got=f"{min(last, data.sizes[split]) if last else data.sizes[split]} ({split})",
        )
    count = data.sizes[split]
    facts = Calibration(str(data.source), data.fingerprint or "", min(last, count) if last else count)
    with held(run.folder):
        run.record(task=_with(run, after), calibration=asdict(facts))
    return facts


def _with(run: Run, task: Task) -> dict[str, Any]:
    """The record of the run's task, with what it learnt last."""
    facts, settings = run.document["task"], task.settings()
    learnt = {name: settings[name] for name in task.learnt_last}
    return {**facts, "settings": {**facts["settings"], **learnt}}
