"""MLflow: a run in MLflow for each training, where MLflow's own settings say (`MLFLOW_TRACKING_URI`).

    parameters      the recipe's fields
    metrics         loss/GROUP, lr, examples_per_second; training/GROUP, validation/METRIC; at the end best/METRIC
    tags            task, data, the folder of the run

`RUN/mlflow.json` holds the id under which a training that is resumed goes on; values of steps that are repeated are
logged a second time.

Source: https://mlflow.org/docs/latest/ml/tracking
"""

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from weftnet.base.extras import need
from weftnet.base.files import read_json, write_json
from weftnet.train.listeners._listener import Began, Listener, Step, scalars
from weftnet.train.result import TrainingResult

_FILE = "mlflow.json"
#: what MLflow calls the ends of a run
_STATUS = {"finished": "FINISHED", "stopped": "KILLED", "failed": "FAILED"}
#: characters of a parameter that MLflow takes
_LONGEST = 500


class MLflow(Listener):
    """Logs to MLflow.

    Args:
        experiment: the name of MLflow's experiment; it is made if there is none.
    """

    def __init__(self, experiment: str = "weftnet") -> None:
        self._mlflow: Any = need("mlflow", extra="mlflow", what="the listener mlflow")
        self.experiment, self._run = experiment, ""
        self._client: Any = None

    def start(self, start: Began) -> None:
        """Make the run, or continue the one that was made."""
        self._client = client = self._mlflow.MlflowClient()
        file = start.folder / _FILE
        if file.is_file():
            self._run = str(read_json(file)["run"])
            client.update_run(self._run, status="RUNNING")
            return
        known = client.get_experiment_by_name(self.experiment)
        experiment = known.experiment_id if known else client.create_experiment(self.experiment)
        tags = {"task": start.task, "data": start.data, "folder": str(start.folder)}
        self._run = client.create_run(experiment, run_name=start.folder.name, tags=tags).info.run_id
        write_json(file, {"run": self._run, "experiment": self.experiment})
        for name, value in {**start.recipe, "steps": start.steps}.items():
            client.log_param(self._run, name, str(value)[:_LONGEST])

    def after_step(self, step: Step) -> None:
        """Losses and rates."""
        self._log(scalars(step), step.step)

    def after_evaluation(self, line: Mapping[str, Any]) -> None:
        """Mean losses and metrics."""
        self._log(scalars(line), line["step"])

    def end(self, result: TrainingResult) -> None:
        """The metrics of the weights that are kept, and how it ended."""
        if self._run:
            self._log({f"best/{name}": value for name, value in result.metrics.items()}, result.best_step)
            self._client.set_terminated(self._run, _STATUS[result.status])

    def _log(self, values: Mapping[str, float], step: int) -> None:
        now, make = int(time.time() * 1000), self._mlflow.entities.Metric
        self._client.log_batch(self._run, [make(name, value, now, step) for name, value in values.items()])


def example(folder: Path) -> dict[str, str]:
    """What makes it write into a folder."""
    return {"MLFLOW_TRACKING_URI": (folder / "mlruns").as_uri()}
