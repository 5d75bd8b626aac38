"""What a task is.

    inputs, head        which signals each part reads, and the nodes that are appended to it for the loss
    losses              a lazy generator of (group, loss): the loop steps that group's optimiser, then resumes the task
    evaluate            metrics of a split, in evaluation mode and without gradients
    answers             raw outputs → answers for a person

A task is a frozen dataclass: its fields are its settings, including what it takes from the data (labels, scales,
shapes), so that `type(task)(**task.settings())` is the same task. It holds no weights and no randomness.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Node
from weftnet.data.batch import Batch
from weftnet.data.data import Data
from weftnet.errors import DataError


class Task(Protocol):
    """The interface of every entry of the registry `TASKS`."""

    parts: ClassVar[tuple[str, ...]]
    """The networks it trains."""
    groups: ClassVar[Mapping[str, tuple[str, ...]]]
    """One optimiser each: its name in `losses` → the parts whose parameters it steps."""
    recipe_defaults: ClassVar[Mapping[str, Any]]
    """Fields of a recipe that this task needs otherwise than usual, where the user says nothing."""
    score: ClassVar[str]
    """The metric of `evaluate` that decides which weights are best."""
    better: ClassVar[str]
    """"max" or "min"."""

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
        """The inputs of each part, from the data's signals."""
        ...

    def head(self, part: str, gives: Signal, last_block: str | None) -> tuple[Node, ...]:
        """The nodes that a part with the output `gives` still lacks; () if none."""
        ...

    def check(self, model: nn.ModuleDict) -> None:
        """Refuse a model whose shapes are right but that can't learn this task."""
        ...

    def losses(self, model: nn.ModuleDict, batch: Batch, generator: torch.Generator) -> Iterator[tuple[str, Tensor]]:
        """(group, loss) one after another; each is computed when the caller asks for it."""
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

    def whole_passes(self, model: nn.ModuleDict) -> str:
        """Why sampling reads the whole sequence for each token; empty if it works step by step."""
        ...


def wrong_target(data: Data, expected: str, fix: str) -> DataError:
    """The error for data without a target, or with one of another kind."""
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
    """Evaluation mode without gradients; afterwards every module has its own mode again."""
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
    """Run a module and change its weights and modes, without gradients; all is restored afterwards, bit for bit."""
    tensors = [*module.parameters(), *module.buffers()]
    saved = [tensor.detach().clone() for tensor in tensors]
    modes = [(part, part.training) for part in module.modules()]
    with torch.no_grad():
        try:
            yield
        finally:
            for tensor, value in zip(tensors, saved, strict=True):
                tensor.copy_(value)
            for part, mode in modes:
                part.training = mode


def noise(shape: tuple[int, ...], like: Tensor, generator: torch.Generator) -> Tensor:
    """Standard normal values in the dtype and on the device of `like`, drawn from this generator alone."""
    return torch.randn(shape, generator=generator, device=generator.device, dtype=like.dtype).to(like.device)


def floats(sums: Mapping[str, Tensor | float]) -> dict[str, float]:
    """Metrics as plain numbers: the one place where an evaluation waits for the device."""
    return {name: float(value) for name, value in sums.items()}
