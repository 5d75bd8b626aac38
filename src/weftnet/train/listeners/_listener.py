"""What a listener is told of a training: facts, as copies. It sees no model and no batch, and can't change a weight.

    start               before the first step, also of a training that is resumed
    after_step          where losses are read anyway: at most four times a second, before evaluations and checkpoints
    after_evaluation    a line of the history
    after_checkpoint    once it is saved; what was told since the one before it may be told again after a crash
    note                a sentence for a person
    end                 finished, stopped or failed

Only the first of several workers tells its listeners. Whatever they draw at random, the steps draw the same numbers.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from weftnet.train.result import TrainingResult


@dataclass(frozen=True)
class Began:
    """A training that starts or continues.

    Args:
        folder: of the run.
        task, data: their names.
        architecture: as YAML.
        recipe: its fields.
        step: steps done so far; above 0 for a training that is resumed.
        steps: of the whole training, as far as is known; a budget's are corrected on the way.
    """

    folder: Path
    task: str
    data: str
    architecture: str
    recipe: Mapping[str, Any]
    step: int
    steps: int


@dataclass(frozen=True)
class Step:
    """A step that was done.

    Args:
        step: how many are done.
        losses: the latest by group.
        lr: the learning rate of the first group.
        rate: examples per second, since the training was started or resumed.
        seconds: of the whole training.
        steps: of the whole training, as far as is known now.
    """

    step: int
    losses: Mapping[str, float]
    lr: float
    rate: float
    seconds: float
    steps: int = 0


class Listener:
    """Is told what a training does; every method may be left out.

    >>> class Shout(weftnet.Listener):
    ...     def end(self, result):
    ...         print(result.status)
    >>> _ = weftnet.fit("digits", "mlp", steps=3, log=[Shout()], progress=False)
    finished

    A listener that raises an exception is not told anything more: the training goes on without it.
    """

    every_step: ClassVar[bool] = False
    """Whether it is told of each single step, for which the training then waits for the device."""

    def start(self, start: Began) -> None:
        """The training starts or continues."""

    def after_step(self, step: Step) -> None:
        """A step is done."""

    def after_evaluation(self, line: Mapping[str, Any]) -> None:
        """An evaluation is done: its line of the history, with step, epoch, lr, loss, validation, seconds, rate."""

    def after_checkpoint(self, step: int) -> None:
        """The state after this step is saved."""

    def note(self, text: str) -> None:
        """Something a person should know."""

    def end(self, result: TrainingResult) -> None:
        """The training is over."""


def scalars(facts: Step | Mapping[str, Any]) -> dict[str, float]:
    """The numbers of a step or of a line of the history, under the names that logs give them."""
    if isinstance(facts, Step):
        losses = {f"loss/{group}": value for group, value in facts.losses.items()}
        return {**losses, "lr": facts.lr, "examples_per_second": facts.rate}
    training = {f"training/{group}": value for group, value in facts["loss"].items()}
    return {**training, **{f"validation/{name}": value for name, value in facts["validation"].items()}}
