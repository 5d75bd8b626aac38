"""What a task is.

    inputs, head        which signals each part reads, and the nodes that are appended to it for the loss
    losses              a lazy generator of (group, loss): the loop steps that group's optimiser, then resumes the task
    infer               the one way from inputs to outputs: one pass by default
    metrics, evidence   the metrics of a split, and what they see
    answers             outputs → answers for a person

A task is a frozen dataclass: its fields are its settings, including what it takes from the data (labels, scales,
shapes), so that `type(task)(**task.settings())` is the same task. It holds no weights and no randomness.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields
from functools import cached_property
from typing import Any, ClassVar, Literal, Protocol, Self, TypeAlias, runtime_checkable

import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Node
from weftnet.data.batch import Batch
from weftnet.data.data import Data
from weftnet.data.kinds._kind import Kind
from weftnet.data.outputs import Outputs, chosen, named
from weftnet.errors import DataError, RunError
from weftnet.losses._objective import LossSpec, Objective, as_json, objective
from weftnet.metrics._metric import Metric, update_all
from weftnet.tasks._inference import check_options
from weftnet.tasks._passes import name_of, run_loop
from weftnet.tasks._registries import ANSWERS, INFERENCES

#: identity: outputs are means; softmax, sigmoid: logits; "" if the outputs are something else
Link: TypeAlias = Literal["", "identity", "softmax", "sigmoid"]
#: what metrics get as the target where a task has none
NO_TARGET = torch.empty(0)


class Task(ABC):
    """The interface of every entry of the registry `TASKS`, and what holds for most of them: one network, one pass."""

    parts: ClassVar[tuple[str, ...]] = ("network",)
    """The networks it trains."""
    groups: ClassVar[Mapping[str, tuple[str, ...]]] = {"network": ("network",)}
    """One optimiser each: its name in `losses` → the parts whose parameters it steps."""
    recipe_defaults: ClassVar[Mapping[str, Any]] = {}
    """Fields of a recipe that this task needs otherwise than usual, where the user says nothing."""
    score: ClassVar[str]
    """The metric that decides which weights are best, unless the recipe names another."""

    choice: ClassVar[str] = ""
    """The metric that chooses among the weights of a training where validation examples are few: a loss, where the
    score counts examples; "" for the score."""

    ends: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    """What networks that others have trained end in and this task answers with – `features`, `classes`, `next token` –
    and its settings then."""

    steps: ClassVar[tuple[str, ...]] = ()
    """The passes that its `infer.py` runs step by step where they can be: an export writes their steps too."""

    link: ClassVar[Link] = ""
    """What turns outputs into the mean of the target, where something does: then solvers can solve for them."""

    learnt_last: ClassVar[tuple[str, ...]] = ()
    """Settings that `calibrated` finds once a network is trained: runs that differ in them alone are of one kind."""

    reads: ClassVar[type[Kind] | None] = None
    """The kind of its target, where it is of one kind: values that could be of several are read so for this task."""
    reads_with: ClassVar[Mapping[str, Any]] = {}
    """Settings of that kind, where this task needs others than usual."""

    @classmethod
    @abstractmethod
    def suits(cls, data: Data) -> float:
        """How sure the task is that these data are meant for it: 0 if they can't be, 1 if nothing else is possible.

        Two tasks that are both possible share the probability: the more probable one is taken, the other one named.
        """

    @classmethod
    def option(cls, data: Data) -> str:
        """The option by which the data are this task's, where it is another one than `--task NAME`; "" otherwise."""
        return ""

    @classmethod
    @abstractmethod
    def from_data(cls, data: Data, **settings: Any) -> Self:
        """The task for these data. Raises DataError where they don't fit."""

    def settings(self) -> dict[str, Any]:
        """The constructor's arguments, as JSON; a `loss` only where one was chosen."""
        settings = {each.name: getattr(self, each.name) for each in fields(self)}  # type: ignore[arg-type]  # a dataclass
        chosen = as_json(settings.pop("loss", None))
        return settings if chosen is None else settings | {"loss": chosen}

    def own_loss(self) -> LossSpec:
        """What it minimises where its setting `loss` chooses nothing; () if it has no such setting."""
        return ()

    @cached_property
    def objective(self) -> Objective:
        """The loss that was chosen, or the task's own: `objective(outputs, target, mask)`."""
        spec = getattr(self, "loss", None)
        return objective(self.own_loss() if spec is None else spec, f"task {name_of(self)}: loss")

    def facts(self) -> dict[str, Any]:
        """What a metric may ask for: the settings, and how many `classes` there are where there are `labels`."""
        settings = self.settings()
        return settings | ({"classes": len(settings["labels"])} if isinstance(settings.get("labels"), list) else {})

    def arranged(self, data: Data) -> Data:
        """The data as it is trained on them: with other training batches, say. What is arranged once stays so."""
        return data

    def calibrated(self, model: nn.ModuleDict, data: Data, split: str = "validation", last: int = 0) -> Self:
        """The task with what it learns of a trained network on the `last` examples of a split; by default the task."""
        return self

    def inputs(self, signals: Mapping[str, Signal]) -> dict[str, dict[str, Signal]]:
        """The inputs of each part, from the data's signals; by default each part reads them all."""
        return {part: dict(signals) for part in self.parts}

    @abstractmethod
    def head(self, part: str, gives: Signal, last_block: str | None) -> tuple[Node, ...]:
        """The nodes that a part with the output `gives` still lacks; () if none."""

    def check(self, model: nn.ModuleDict) -> None:  # noqa: B027  # most tasks have nothing to refuse
        """Refuse a model whose shapes are right but that can't learn this task; by default none."""

    @abstractmethod
    def losses(self, model: nn.ModuleDict, batch: Batch, generator: torch.Generator) -> Iterator[tuple[str, Tensor]]:
        """(group, loss) one after another; each is computed when the caller asks for it."""

    def passes(self, model: nn.ModuleDict) -> dict[str, nn.Module]:
        """The graphs that an answer consists of, by name, each called as `module(inputs, masks)`; by default the parts.

        An export writes each of them, and the task's `infer.py` runs them.
        """
        return {part: model[part] for part in self.parts}

    def pass_inputs(self, signals: Mapping[str, Signal]) -> dict[str, dict[str, Signal]]:
        """The inputs of each pass, from the data's signals; by default those of the parts."""
        return self.inputs(signals)

    def infer(self, model: nn.ModuleDict, batch: Batch, options: Mapping[str, Any] | None = None) -> Outputs:
        """From inputs to outputs, in evaluation mode: a tensor, or tensors by name, the answer first.

        One pass of the only network, or the loop in the task's `infer.py`: see `weftnet.tasks._inference`.

        Args:
            model: the networks by part.
            batch: its targets are not read.
            options: of the question; see the task's `infer.py`.

        Raises:
            RunError: there are several networks, none of which answers alone.
            DataError: there are no such options.
        """
        name = name_of(self)
        if INFERENCES.find(name) is not None:
            return run_loop(self, name, model, batch, options or {})
        if self.parts != ("network",):
            raise RunError("has no single network that answers", got=", ".join(self.parts))
        check_options(name or type(self).__name__, options or {})
        outputs: Outputs = model["network"](batch.inputs, batch.masks)
        return outputs

    @abstractmethod
    def metrics(self) -> list[Metric]:
        """The metrics that are always computed, none of them updated yet; one of them is called `score`."""

    def evidence(self, model: nn.ModuleDict, batches: Iterable[Batch]) -> Iterator[tuple[Outputs, Tensor]]:
        """What metrics see, batch by batch: outputs, the answer first, and the target; only values that count.

        By default the outputs in float64 and the only target.
        """
        for batch in batches:
            yield as_double(self.infer(model, batch)), batch.target

    def evaluate(
        self, model: nn.ModuleDict, batches: Iterable[Batch], metrics: Sequence[Metric] | None = None
    ) -> dict[str, float]:
        """The metrics over the batches, by name; without those that are not defined there.

        Args:
            model: left as it was, in mode and weights.
            batches: with targets, if the task has any.
            metrics: the task's own by default.

        Raises:
            DataError: there is no batch, or one has no target.
        """
        metrics, empty = self.metrics() if metrics is None else metrics, True
        with evaluating(model):
            for outputs, target in self.evidence(model, batches):
                empty = False
                update_all(metrics, outputs, target)
            if empty:
                raise DataError("there is nothing to evaluate", expected="at least one batch")
            computed = {metric.name: float(metric.compute()) for metric in metrics}
        return {name: value for name, value in computed.items() if not math.isnan(value)}

    def answers(self, outputs: Outputs) -> list[dict[str, Any]]:
        """One answer an example, from what `infer` gives, by the task's `answer.py`.

        Raises:
            UnknownName, SettingError: it has none.
        """
        name = name_of(self)
        decode, several = ANSWERS.get(name), INFERENCES.find(name) is not None
        answers: list[dict[str, Any]] = decode(as_arrays(outputs) if several else as_array(outputs), self.settings())
        return answers


@runtime_checkable
class DrawsExamples(Protocol):
    """A task whose model makes new examples."""

    def samples(self, model: nn.ModuleDict, count: int, generator: torch.Generator) -> Tensor:
        """New examples (count, …): uint8 images, or vectors and sequences in the standardised space."""
        ...


@runtime_checkable
class WritesText(Protocol):
    """A task whose model continues a text.

    Its `infer.py` takes at least the options length, temperature, top_k and seed, and gives `written` (batch, length)
    tokens, −1 behind their end, and `ends` (batch,), the characters of their text that count, −1 for all.
    """

    def whole_passes(self, model: nn.ModuleDict) -> str:
        """Why sampling reads the whole sequence for each token; empty if it works step by step."""
        ...


def target_of(data: Data) -> str:
    """The name of the target's column, for messages."""
    return str(data.state().get("target") or "TARGET")


def wrong_target(data: Data, expected: str, fix: str) -> DataError:
    """The error for data without a target, or with one of another kind."""
    without = "name the target column, or use a task that needs none"
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


def as_array(outputs: Outputs) -> NDArray[Any]:
    """The lone output, or the first one, as `answer.py` reads it."""
    array: NDArray[Any] = chosen(outputs).detach().cpu().numpy()
    return array


def as_arrays(outputs: Outputs) -> dict[str, NDArray[Any]]:
    """Outputs by name, as the `answer.py` of a task with an `infer.py` reads them."""
    return {name: each.detach().cpu().numpy() for name, each in named(outputs).items()}


def as_double(outputs: Outputs) -> Outputs:
    """Outputs of floats in float64."""
    if isinstance(outputs, Tensor):
        return outputs.double()
    return {name: each.double() if each.is_floating_point() else each for name, each in outputs.items()}
