"""Multioutput regression: several numbers for every example, one for each target column.

    t_k = (target_k − mean_k) / scale_k             the data give the targets standardised
    loss = mean over examples and targets of (y_k − t_k)², or another that regression takes

Standardised, every target weighs the same, whatever its unit; also in the metrics, whose RMSE and MAE are in standard
deviations. The judge has those of each target in its own unit.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Node
from weftnet.data.batch import Batch
from weftnet.data.data import Data
from weftnet.data.kinds._state import name_of
from weftnet.data.kinds.number import Number
from weftnet.data.kinds.several import Several
from weftnet.data.outputs import Outputs, chosen
from weftnet.data.ways import read_as
from weftnet.errors import DataError, SettingError
from weftnet.metrics._metric import Metric
from weftnet.metrics.mae import Mae
from weftnet.metrics.r2 import R2
from weftnet.metrics.rmse import Rmse
from weftnet.tasks._heads import refusal, to_vector
from weftnet.tasks._task import Link, Task, as_double, wrong_target


@dataclass(frozen=True)
class MultioutputRegression(Task):
    """One network that predicts all the standardised targets.

    Args:
        loss: as of `regression`.
        targets: their names.
        mean: of each target over the training split, in its own unit.
        scale: the standard deviations there.
    """

    loss: Any = "mse"
    targets: list[str] = field(default_factory=list)
    mean: list[float] = field(default_factory=list)
    scale: list[float] = field(default_factory=list)

    link: ClassVar[Link] = "identity"
    score: ClassVar[str] = "rmse"

    def __post_init__(self) -> None:
        self.objective  # noqa: B018  # made now, so that a loss that can't be used is refused now
        if not len(self.targets) == len(self.mean) == len(self.scale) or not all(each > 0 for each in self.scale):
            raise SettingError(
                "targets, means and scales don't match",
                where="task multioutput_regression",
                expected="a mean and a positive scale for each target",
                got=f"{self.targets}, {self.mean}, {self.scale}",
            )

    @classmethod
    def suits(cls, data: Data) -> float:
        """Sure of several numbers."""
        return 0.9 * (isinstance(data.target, Several) and not _others(data.target))

    @classmethod
    def from_data(cls, data: Data, **settings: Any) -> "MultioutputRegression":
        """The task for data whose targets are numbers.

        Raises:
            DataError: there is one target, or none; or one is no number.
        """
        if not isinstance(data.target, Several):
            raise wrong_target(data, "several numbers", "name more than one target, or use another task")
        if others := _others(data.target):
            raise DataError(
                f"a target is no number: {', '.join(f'{name} ({kind})' for name, kind in others.items())}",
                where=data.name,
                expected="targets that are all numbers",
                fix="predict targets of other kinds by runs of their own, or read them as numbers: "
                + ", ".join(read_as(name, "number") for name in others),
            )
        kinds = {name: kind for name, kind in data.target.kinds.items() if isinstance(kind, Number)}
        mean, scale = ([getattr(kind, name) for kind in kinds.values()] for name in ("mean", "std"))
        return cls(targets=list(kinds), mean=mean, scale=scale, **settings)

    def head(self, part: str, gives: Signal, last_block: str | None) -> tuple[Node, ...]:
        """Pooling where needed, and a dense layer as wide as there are targets."""
        if last_block == "softmax":
            what = "the outputs of a softmax add up to 1, so they are no free numbers; remove the softmax"
            raise refusal(part, last_block, what)
        pool = {"image": ["global_average_pool2d"], "sequence": ["global_average_pool1d"]}
        return to_vector(part, gives, last_block, len(self.targets), **pool, members="numbers")

    def losses(self, model: nn.ModuleDict, batch: Batch, generator: torch.Generator) -> Iterator[tuple[str, Tensor]]:
        """The loss between outputs and standardised targets, both (batch, targets)."""
        outputs = model["network"](batch.inputs, batch.masks)
        yield "network", self.objective(outputs, self.truth(batch), None)

    def truth(self, batch: Batch) -> Tensor:
        """(batch, targets) standardised.

        Raises:
            DataError: the batch lacks a target.
        """
        if not set(self.targets) <= batch.targets.keys():
            got = ", ".join(batch.targets) or "none"
            raise DataError("the batch lacks a target", expected=", ".join(self.targets), got=got)
        return torch.stack([batch.targets[name] for name in self.targets], 1)

    def metrics(self) -> list[Metric]:
        """RMSE and MAE in standard deviations, and R², over all targets together."""
        return [Rmse(unit=""), Mae(unit=""), R2()]

    def evidence(self, model: nn.ModuleDict, batches: Iterable[Batch]) -> Iterator[tuple[Outputs, Tensor]]:
        """Outputs and standardised targets, both (batch · targets) in float64."""
        for batch in batches:
            yield chosen(as_double(self.infer(model, batch))).flatten(), self.truth(batch).double().flatten()


def _others(target: Several) -> dict[str, str]:
    """The targets that are no numbers, and their kinds."""
    return {name: name_of(type(kind)) for name, kind in target.kinds.items() if not isinstance(kind, Number)}
