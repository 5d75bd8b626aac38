"""The processes that train together, seen from one of them. `Team` itself is the usual case: one process, alone.

The loop asks its team and knows of no other process. For a single process every method returns its argument, so it
computes exactly what a loop without teams would. `parallel.py` has the team of several.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from torch import Tensor, nn

from weftnet.data.batch import Batch
from weftnet.data.data import Data
from weftnet.run.folder import Run
from weftnet.tasks._task import Task
from weftnet.train.checkpoint import Checkpoints
from weftnet.train.recipe import Recipe


class Team:
    """One process, alone.

    `rank` counts the processes from 0, `size` is how many there are. The leader writes the run folder and prints.
    `seed_key` seeds a worker's own random numbers, besides recipe and step.
    """

    rank: int = 0
    size: int = 1
    seed_key: tuple[int | str, ...] = ()

    @property
    def leads(self) -> bool:
        """Whether this process writes and prints."""
        return self.rank == 0

    def check(self, task: Task, recipe: Recipe) -> None:
        """Refuse a task or recipe that this team can't train, by a SettingError."""

    def distribute(self, model: nn.ModuleDict) -> nn.ModuleDict:
        """The model whose weights the optimisers update."""
        return model

    def gather(self, distributed: nn.ModuleDict, model: nn.ModuleDict) -> None:
        """Give the model the weights of the one that `distribute` made of it."""

    def for_training(self, model: nn.ModuleDict) -> nn.ModuleDict:
        """The model that the task's losses call: its gradients become those of the whole batch."""
        return model

    def for_evaluation(self, model: nn.ModuleDict) -> nn.ModuleDict:
        """The model that the task's metrics call: the same outputs in every process."""
        return model

    def restore(self, model: nn.ModuleDict) -> None:
        """Undo what `for_training` changed in the model; it keeps its weights."""

    def backward(self, loss: Tensor, parameters: Sequence[Tensor] | None, weight: float) -> None:
        """Add the gradient of `weight · loss` to these parameters, and to no others; None means all."""
        loss.backward(inputs=parameters)  # type: ignore[no-untyped-call]

    def share(self, batch: Batch) -> tuple[Batch, float]:
        """This process's rows of a batch, and the weight of their mean loss in the mean over all processes."""
        return batch, 1.0

    def local_recipe(self, recipe: Recipe, data: Data) -> Recipe:
        """The recipe of a training on this process's rows alone, by which its steps are timed."""
        return recipe

    def exchange_time(self, model: nn.ModuleDict) -> float:
        """Seconds that the processes take to exchange the gradients of a step."""
        return 0.0

    def agree(self, *flags: bool) -> tuple[bool, ...]:
        """For each flag whether any process has set it."""
        return flags

    def from_leader(self, value: Any) -> Any:
        """The leader's JSON value, in every process."""
        return value

    def average(self, sums: Mapping[str, list[float]]) -> None:
        """Replace the sum in each [sum, count] by its mean over all processes."""

    def shared_run(self, run: Run | None) -> Run:
        """The leader's run; in other processes a run that reads like it and writes nothing."""
        assert run is not None  # a single process made or opened it
        return run

    def checkpoints(self, folder: Path, like: Callable[[str], Tensor | None]) -> Checkpoints:
        """Where the training's states are kept; `like` knows tensors of the training by the names they are saved by."""
        return Checkpoints(folder)


ALONE = Team()
