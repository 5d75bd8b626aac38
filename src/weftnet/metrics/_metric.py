"""What a metric is. The interface is that of torchmetrics, so that its metrics can stand beside weftnet's own."""

from abc import ABC, abstractmethod
from collections.abc import Hashable, Sequence
from typing import ClassVar, Literal, Self, TypeAlias

import torch
from torch import Tensor

from weftnet.data.outputs import Outputs, chosen
from weftnet.plugins import snake_case

Direction: TypeAlias = Literal["max", "min", ""]
#: "share" is printed in per cent, "target" is the target's own unit
Unit: TypeAlias = Literal["share", "nats", "target", ""]


class Metric(ABC):
    """A number that says how good outputs are.

    name    what it is called in tables; by default that of its class in snake case
    better  "max", "min", or "" for one that is only informative
    unit    of the number: "share", "nats", "target" or ""
    """

    name: str
    better: Direction
    unit: Unit

    def __init_subclass__(cls, *, better: Direction = "", unit: Unit = "") -> None:
        cls.name, cls.better, cls.unit = snake_case(cls.__name__), better, unit

    def __init__(self) -> None:
        self.reset()

    def called(self, name: str) -> Self:
        """The same metric under another name."""
        self.name = name
        return self

    @abstractmethod
    def reset(self) -> None:
        """Forget every batch."""

    @abstractmethod
    def update(self, outputs: Outputs, target: Tensor) -> None:
        """See a batch; of several outputs the first one, which is the answer, unless the metric reads others."""

    @abstractmethod
    def compute(self) -> Tensor | float:
        """The number over all batches since the reset; NaN where it is not defined."""


class Sums(Metric):
    """A metric that follows from sums over the examples: a subclass says what is added up, and what follows from it.

    Metrics of one evaluation that add up the same do it once, see `update_all`.
    """

    added_by: ClassVar[tuple[str, ...] | None] = None
    """The attributes that `sums` depends on, said where it is defined; otherwise the metric adds up alone."""

    def reset(self) -> None:
        """Forget every batch."""
        self._parts: list[Tensor] = []

    def update(self, outputs: Outputs, target: Tensor) -> None:
        """Add a batch."""
        self._parts.append(self.sums(chosen(outputs), target))

    def compute(self) -> Tensor | float:
        """The number over all batches."""
        return self.of(torch.stack(self._parts).sum(0))

    @property
    def _adds(self) -> Hashable:
        """Equal for metrics that add up the same; None for one that adds up alone, or keeps what it sees otherwise."""
        cls = type(self)
        owner = next(each for each in cls.__mro__ if "sums" in vars(each))
        own = "added_by" in vars(owner) and cls.update is Sums.update and cls.reset is Sums.reset
        return (
            (cls.sums, tuple(getattr(self, name) for name in self.added_by))
            if own and self.added_by is not None
            else None
        )

    @abstractmethod
    def sums(self, outputs: Tensor, target: Tensor) -> Tensor:
        """What is added up: a tensor of the same shape for every batch."""

    @abstractmethod
    def of(self, total: Tensor) -> Tensor:
        """The number, from the sums over all batches."""


def update_all(metrics: Sequence[Metric], outputs: Outputs, target: Tensor) -> None:
    """Show a batch to several metrics; what some of them add up alike is added up once, and kept by each.

    Alike: `sums` is one and the same function, and the attributes that it depends on are equal.
    """
    known: dict[Hashable, Tensor] = {}
    for metric in metrics:
        if isinstance(metric, Sums) and (key := metric._adds) is not None:
            if key not in known:
                known[key] = metric.sums(chosen(outputs), target)
            metric._parts.append(known[key])
        else:
            metric.update(outputs, target)


class All(Metric):
    """A metric that needs all examples at once."""

    def reset(self) -> None:
        """Forget every batch."""
        self._outputs: list[Tensor] = []
        self._targets: list[Tensor] = []

    def update(self, outputs: Outputs, target: Tensor) -> None:
        """Keep a batch."""
        self._outputs.append(chosen(outputs))
        self._targets.append(target)

    def compute(self) -> Tensor | float:
        """The number over all examples."""
        return self.of(torch.cat(self._outputs), torch.cat(self._targets))

    @abstractmethod
    def of(self, outputs: Tensor, target: Tensor) -> Tensor:
        """The number, from all outputs and targets."""


class On(Metric):
    """Another metric on one of several outputs.

    Args:
        output: its name.
        metric: that reads it.
    """

    def __init__(self, output: str, metric: Metric) -> None:
        self.output, self.metric = output, metric
        self.name, self.better, self.unit = metric.name, metric.better, metric.unit

    def reset(self) -> None:
        """Forget every batch."""
        self.metric.reset()

    def update(self, outputs: Outputs, target: Tensor) -> None:
        """See a batch."""
        self.metric.update(chosen(outputs, self.output), target)

    def compute(self) -> Tensor | float:
        """The other metric's number."""
        return self.metric.compute()
