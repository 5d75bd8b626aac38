"""The processes that train together, seen from one of them. `Team` is the usual one: a single process, by itself.

The loop asks its team and knows of no other process. For a single process every answer is what was asked with, so it
computes what a loop without teams computes, to the bit. `parallel.py` has the team of several.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from torch import Tensor, nn

from weftnet.run.folder import Run
from weftnet.train.checkpoint import Checkpoints

if TYPE_CHECKING:
    from weftnet.train.recipe import Recipe


class Team:
    """One process by itself.

    `rank` counts the processes from 0, `size` is how many there are. The one that `leads` writes the run folder and
    talks to people. `place` is what a worker's own random numbers are seeded with besides recipe and step.
    """

    rank: int = 0
    size: int = 1
    place: tuple[int | str, ...] = ()

    @property
    def leads(self) -> bool:
        """Whether this process writes and prints."""
        return self.rank == 0

    def check(self, task: Any, recipe: "Recipe") -> None:
        """Refuse a task or recipe that this team can't train, by a SettingError."""

    def placed(self, model: nn.ModuleDict) -> nn.ModuleDict:
        """The model whose weights the optimisers move."""
        return model

    def give_back(self, trained: nn.ModuleDict, model: nn.ModuleDict) -> None:
        """Give the model the weights of the one that `placed` made of it."""

    def trained(self, model: nn.ModuleDict) -> nn.ModuleDict:
        """The model as the task's losses see it: its gradients become those of the whole batch."""
        return model

    def evaluated(self, model: nn.ModuleDict) -> nn.ModuleDict:
        """The model as the task's metrics see it: the same outputs in every process."""
        return model

    def release(self, model: nn.ModuleDict) -> None:
        """Leave the model as it was built, with the weights it has."""

    def backward(self, loss: Tensor, parameters: Sequence[Tensor] | None, weight: float) -> None:
        """Add the gradient of `weight · loss` to the parameters, and to no others; None stands for all."""
        loss.backward(inputs=parameters)  # type: ignore[no-untyped-call]

    def share(self, batch: Any) -> tuple[Any, float]:
        """This process's rows of a batch, and what their mean loss weighs in the mean over all processes."""
        return batch, 1.0

    def own(self, recipe: "Recipe", data: Any) -> "Recipe":
        """The recipe of a training on this process's rows alone, to time its steps."""
        return recipe

    def waits(self, model: nn.ModuleDict) -> float:
        """Seconds in which the processes exchange the gradients of a step."""
        return 0.0

    def agree(self, *wishes: bool) -> tuple[bool, ...]:
        """For each wish whether any process has it."""
        return wishes

    def same(self, fact: Any) -> Any:
        """The leader's JSON value, in every process."""
        return fact

    def merge(self, sums: Mapping[str, list[float]]) -> None:
        """Replace [sum, count] by group with the means over all processes."""

    def run(self, run: Run | None) -> Run:
        """The leader's run, and for the others one that reads as it does and writes nothing."""
        assert run is not None  # a single process made or opened it
        return run

    def checkpoints(self, folder: Path, like: Callable[[str], Tensor | None]) -> Checkpoints:
        """Where the training's states are kept; `like` knows tensors of the training by the names they are saved by."""
        return Checkpoints(folder)


ALONE = Team()
