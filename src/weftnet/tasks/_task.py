"""What a task is.

    inputs, head        which signals each part reads, and what is appended to it so that it gives what the loss needs
    losses              a lazy generator of (group, loss): the loop steps that group's optimiser, then resumes the task
    evaluate            metrics of a split, in evaluation mode and without gradients
    answers             raw outputs → what a person asked for

A task is a frozen dataclass: its fields are its settings, what it learnt from the data (labels, scales, shapes) among
them, so that `type(task)(**task.settings())` is the same task. It holds no weights and no randomness.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar, Literal, Protocol, TypeAlias, runtime_checkable

import torch
from torch import Tensor, nn

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Node
from weftnet.data.batch import Batch
from weftnet.data.data import Data
from weftnet.errors import DataError

#: an output that an explanation can be about: the logit of a class, of one of several labels, a number, a step ahead
Explainable: TypeAlias = Literal["class", "labels", "number", "forecast"]


class Task(Protocol):
    """The interface of every entry of the registry `TASKS`."""

    parts: ClassVar[tuple[str, ...]]
    """The networks it trains."""
    groups: ClassVar[Mapping[str, tuple[str, ...]]]
    """One optimiser each: its name in `losses` → the parts whose parameters it steps."""
    recipe_defaults: ClassVar[Mapping[str, Any]]
    """Fields of a recipe that this task needs otherwise than usual, where the user says nothing."""
    score: ClassVar[str]
    """The metric of `evaluate` that tells which weights are best."""
    better: ClassVar[str]
    """"max" or "min"."""
    explainable: ClassVar[Explainable | None]
    """What one of its outputs is, for an explanation; None where no single output can be explained."""
    proposals: ClassVar[str]
    """The family of networks that `weftnet.compete.propose` proposes for it."""

    @classmethod
    def suits(cls, data: Data) -> float:
        """How sure the task is that these data are meant for it: 1 if the kind of their target says so, 0 if never."""
        ...

    @classmethod
    def from_data(cls, data: Data, **settings: Any) -> "Task":
        """The task for these data. Raises DataError where they don't fit."""
        ...

    def settings(self) -> dict[str, Any]:
        """The constructor's arguments, as JSON."""
        ...

    def inputs(self, signals: Mapping[str, Signal]) -> dict[str, dict[str, Signal]]:
        """What each part reads, given the data's signals."""
        ...

    def head(self, part: str, gives: Signal, last_block: str | None) -> tuple[Node, ...]:
        """What a part that gives `gives` still lacks; () if nothing."""
        ...

    def check(self, model: nn.ModuleDict) -> None:
        """Refuse a model whose shapes fit but that can't learn this task."""
        ...

    def losses(self, model: nn.ModuleDict, batch: Batch, generator: torch.Generator) -> Iterator[tuple[str, Tensor]]:
        """(group, loss) one after another; the work for the next is done when it is asked for."""
        ...

    def evaluate(self, model: nn.ModuleDict, batches: Iterable[Batch]) -> dict[str, float]:
        """Metrics over the batches."""
        ...

    def answers(self, outputs: Tensor) -> list[dict[str, Any]]:
        """One answer an example."""
        ...


@runtime_checkable
class DrawsExamples(Protocol):
    """A task whose model makes new examples."""

    def samples(self, model: nn.ModuleDict, count: int, generator: torch.Generator) -> Tensor:
        """New examples (count, …): uint8 images, or vectors and sequences in the standardised space."""
        ...


@runtime_checkable
class WritesText(Protocol):
    """A task whose model continues a sequence of tokens."""

    def sample(
        self, model: nn.ModuleDict, prompt: Tensor, length: int, *, temperature: float, top_k: int | None,
        generator: torch.Generator,
    ) -> Tensor:  # fmt: skip
        """The prompt (batch, time) and `length` tokens more."""
        ...


def wrong_target(data: Data, expected: str, fix: str) -> DataError:
    """The error for data whose target is of another kind, or that have none."""
    without = "name the target column, or use a task without one: variational_autoencoder, gan, language_model"
    return DataError(
        "the data have no target" if data.target is None else "the target is of another kind",
        where=data.name,
        expected=expected,
        got="" if data.target is None else f"a {type(data.target).__name__.lower()}",
        fix=without if data.target is None else fix,
    )


@contextmanager
def evaluating(model: nn.Module) -> Iterator[None]:
    """Evaluation mode without gradients; afterwards every module is in the mode it was in."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        for module, mode in modes:
            module.training = mode


@contextmanager
def on_trial(module: nn.Module) -> Iterator[None]:
    """Run a module, change its weights and modes, without gradients; afterwards all is as it was, bit for bit."""
    tensors = [*module.parameters(), *module.buffers()]
    kept = [tensor.detach().clone() for tensor in tensors]
    modes = [(part, part.training) for part in module.modules()]
    with torch.no_grad():
        try:
            yield
        finally:
            for tensor, value in zip(tensors, kept, strict=True):
                tensor.copy_(value)
            for part, mode in modes:
                part.training = mode


def noise(shape: tuple[int, ...], like: Tensor, generator: torch.Generator) -> Tensor:
    """Standard normal values in the dtype and on the device of `like`, drawn from the given generator alone."""
    return torch.randn(shape, generator=generator, device=generator.device, dtype=like.dtype).to(like.device)


def floats(sums: Mapping[str, Tensor | float]) -> dict[str, float]:
    """Metrics as plain numbers: the one place where an evaluation waits for the device."""
    return {name: float(value) for name, value in sums.items()}
