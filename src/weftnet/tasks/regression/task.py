"""Regression: a number for every example.

    t = (target − mean) / scale                     the data give the target standardised
    loss = mean of  (y − t)²                        "mse"
                    |y − t|                         "mae"
                    ½ e² if e = |y − t| ≤ 1 else e − ½   "huber" (Huber 1964, https://doi.org/10.1214/aoms/1177703732)

Metrics are in the target's own units: RMSE and MAE are multiplied by `scale`; R² = 1 − Σ(y − t)² / Σ(t − t̄)² has none.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Node
from weftnet.data.batch import Batch
from weftnet.data.data import Data
from weftnet.data.kinds._kind import Kind
from weftnet.data.kinds.category import Category
from weftnet.data.kinds.number import Number
from weftnet.data.outputs import Outputs, chosen
from weftnet.data.ways import read_as
from weftnet.errors import SettingError
from weftnet.metrics._metric import Metric
from weftnet.metrics.mae import Mae
from weftnet.metrics.r2 import R2
from weftnet.metrics.rmse import Rmse
from weftnet.tasks._doubts import are_scores
from weftnet.tasks._heads import refusal, to_vector
from weftnet.tasks._task import Link, Task, wrong_target


@dataclass(frozen=True)
class Regression(Task):
    """One network that predicts the standardised target.

    Args:
        loss: "mse", "mae" (for the median), "huber" (mse below one standard deviation, mae beyond), {"quantile": {"q":
            0.9}}, or what else `weftnet.losses` takes.
        mean: of the target over the training split, in its own units.
        scale: its standard deviation there.
    """

    loss: Any = "mse"
    mean: float = 0.0
    scale: float = 1.0

    reads: ClassVar[type[Kind]] = Number
    link: ClassVar[Link] = "identity"
    score: ClassVar[str] = "rmse"

    def __post_init__(self) -> None:
        self.objective  # noqa: B018  # made now, so that a loss that can't be used is refused now
        if not self.scale > 0:
            raise SettingError(
                "scale is out of range", where="task regression", expected="a positive number", got=str(self.scale)
            )

    @classmethod
    def suits(cls, data: Data) -> float:
        """Sure of a number; possible for labels that may be amounts."""
        if isinstance(data.target, Category):
            return 0.4 * are_scores(data.target.labels)
        return 0.9 * isinstance(data.target, Number)

    @classmethod
    def option(cls, data: Data) -> str:
        """Where labels may be amounts: to read them as numbers."""
        return read_as(str(data.state()["target"]), "number") if isinstance(data.target, Category) else ""

    @classmethod
    def from_data(cls, data: Data, **settings: Any) -> "Regression":
        """The task for data whose target is a number.

        Raises:
            DataError: there is no target, or it is not one number.
        """
        if not isinstance(data.target, Number):
            raise wrong_target(data, "one number", "use the task classification, or read the target as a number")
        return cls(mean=data.target.mean, scale=data.target.std, **settings)

    def head(self, part: str, gives: Signal, last_block: str | None) -> tuple[Node, ...]:
        """Pooling where needed, and a dense layer of width 1."""
        if last_block == "softmax":
            what = "the outputs of a softmax add up to 1, so they are no free number; remove the softmax"
            raise refusal(part, last_block, what)
        pool = {"image": ["global_average_pool2d"], "sequence": ["global_average_pool1d"]}
        return to_vector(part, gives, last_block, 1, **pool, members="numbers")

    def losses(self, model: nn.ModuleDict, batch: Batch, generator: torch.Generator) -> Iterator[tuple[str, Tensor]]:
        """The loss between outputs (batch, 1) and standardised targets (batch)."""
        output = model["network"](batch.inputs, batch.masks).flatten()
        mask = None if batch.target_mask is None else batch.target_mask.flatten()
        yield "network", self.objective(output, batch.target.flatten(), mask)

    def metrics(self) -> list[Metric]:
        """RMSE and MAE in the target's unit, and R²."""
        return [Rmse(self.scale), Mae(self.scale), R2()]

    def evidence(self, model: nn.ModuleDict, batches: Iterable[Batch]) -> Iterator[tuple[Outputs, Tensor]]:
        """Outputs and standardised targets, both (batch) in float64."""
        for outputs, target in super().evidence(model, batches):
            yield chosen(outputs).flatten(), target.flatten().double()
