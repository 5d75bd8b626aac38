"""Weights & Biases: a run there for each training, as wandb's own settings say (`WANDB_MODE`, `wandb login`).

    config      the recipe's fields, task and data
    history     loss/GROUP, lr, examples_per_second; training/GROUP, validation/METRIC; each with `step`
    summary     at the end best/METRIC

`RUN/wandb.json` holds the id under which a training that is resumed goes on; values of steps that are repeated are
logged a second time.

Source: https://docs.wandb.ai
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

from weftnet.base.extras import need
from weftnet.base.files import read_json, write_json
from weftnet.train.listeners._listener import Began, Listener, Step, scalars
from weftnet.train.result import TrainingResult

_FILE = "wandb.json"


class Wandb(Listener):
    """Logs to Weights & Biases.

    Args:
        project: the name of the project there.
    """

    def __init__(self, project: str = "weftnet") -> None:
        self._wandb: Any = need("wandb", extra="wandb", what="the listener wandb")
        self.project = project
        self._run: Any = None

    def start(self, start: Began) -> None:
        """Make the run, or continue the one that was made."""
        file = start.folder / _FILE
        name = str(read_json(file)["run"]) if file.is_file() else uuid4().hex[:8]
        write_json(file, {"run": name, "project": self.project})
        self._run = self._wandb.init(
            project=self.project, id=name, resume="allow", name=start.folder.name, dir=str(start.folder),
            config={**start.recipe, "steps": start.steps, "task": start.task, "data": start.data},
            settings=self._wandb.Settings(silent=True),
        )  # fmt: skip
        self._run.define_metric("*", step_metric="step")

    def after_step(self, step: Step) -> None:
        """Losses and rates."""
        self._log(scalars(step), step.step)

    def after_evaluation(self, line: Mapping[str, Any]) -> None:
        """Mean losses and metrics."""
        self._log(scalars(line), line["step"])

    def end(self, result: TrainingResult) -> None:
        """The metrics of the weights that are kept, and whether it failed."""
        if self._run is not None:
            self._run.summary.update({f"best/{name}": value for name, value in result.metrics.items()})
            self._run.finish(exit_code=int(result.status == "failed"))

    def _log(self, values: Mapping[str, float], step: int) -> None:
        self._run.log({**values, "step": step})


def example(folder: Path) -> dict[str, str]:
    """What makes it write into a folder, and nowhere else."""
    return {"WANDB_MODE": "offline", "WANDB_DIR": str(folder)}
