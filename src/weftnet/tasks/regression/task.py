"""Regression: a number for every example.

    t = (target − mean) / scale                     the data give the target standardised
    loss = mean of  (y − t)²                        "mse"
                    |y − t|                         "mae"
                    ½ e² if e = |y − t| ≤ 1 else e − ½   "huber" (Huber 1964, https://doi.org/10.1214/aoms/1177703732)

Metrics are in the target's own units: RMSE and MAE are multiplied by `scale`; R² = 1 − Σ(y − t)² / Σ(t − t̄)² has none.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Node
from weftnet.data.batch import Batch
from weftnet.data.data import Data
from weftnet.data.kinds.number import Number
from weftnet.errors import DataError, SettingError
from weftnet.tasks._heads import refusal, to_vector
from weftnet.tasks._task import evaluating, floats, wrong_target
from weftnet.tasks.regression.answer import regression

LOSSES: Mapping[str, Callable[[Tensor, Tensor], Tensor]] = {"mse": F.mse_loss, "mae": F.l1_loss, "huber": F.huber_loss}


@dataclass(frozen=True)
class Regression:
    """One network that predicts the standardised target.

    Args:
        loss: "mse", "mae" (for the median) or "huber" (mse below one standard deviation, mae beyond).
        mean: of the target over the training split, in its own units.
        scale: its standard deviation there.
    """

    loss: Literal["mse", "mae", "huber"] = "mse"
    mean: float = 0.0
    scale: float = 1.0

    parts: ClassVar[tuple[str, ...]] = ("network",)
    groups: ClassVar[Mapping[str, tuple[str, ...]]] = {"network": ("network",)}
    recipe_defaults: ClassVar[Mapping[str, Any]] = {}
    score: ClassVar[str] = "rmse"
    better: ClassVar[str] = "min"

    def __post_init__(self) -> None:
        if self.loss not in LOSSES:
            raise SettingError("no such loss", where="task regression", expected=", ".join(LOSSES), got=repr(self.loss))
        if not self.scale > 0:
            raise SettingError(
                "scale is out of range", where="task regression", expected="a positive number", got=str(self.scale)
            )

    @classmethod
    def suits(cls, data: Data) -> float:
        """How sure the task is that these data are meant for it, from 0 to 1."""
        return float(isinstance(data.target, Number))

    @classmethod
    def from_data(cls, data: Data, **settings: Any) -> "Regression":
        """The task for data whose target is a number.

        Raises:
            DataError: there is no target, or it is not one number.
        """
        if not isinstance(data.target, Number):
            raise wrong_target(data, "one number", "use the task classification, or read the target as a number")
        return cls(mean=data.target.mean, scale=data.target.std, **settings)

    def settings(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return asdict(self)

    def inputs(self, signals: Mapping[str, Signal]) -> dict[str, dict[str, Signal]]:
        """The network reads all the inputs."""
        return {"network": dict(signals)}

    def head(self, part: str, gives: Signal, last_block: str | None) -> tuple[Node, ...]:
        """Pooling where needed, and a dense layer of width 1."""
        if last_block == "softmax":
            what = "the outputs of a softmax add up to 1, so they are no free number; remove the softmax"
            raise refusal(part, last_block, what)
        pool = {"image": ["global_average_pool2d"], "sequence": ["global_average_pool1d"]}
        return to_vector(part, gives, last_block, 1, **pool)

    def check(self, model: nn.ModuleDict) -> None:
        """Any network of the right shape can learn a number."""

    def losses(self, model: nn.ModuleDict, batch: Batch, generator: torch.Generator) -> Iterator[tuple[str, Tensor]]:
        """The loss between outputs (batch, 1) and standardised targets (batch)."""
        output, target = self._pair(model, batch)
        yield "network", LOSSES[self.loss](output, target)

    def evaluate(self, model: nn.ModuleDict, batches: Iterable[Batch]) -> dict[str, float]:
        """RMSE, MAE and R² in original units; R² is left out where every target is the same."""
        parts = []
        with evaluating(model):
            for batch in batches:
                output, target = (values.double() for values in self._pair(model, batch))
                error = output - target
                columns = (torch.ones_like(target), error.square(), error.abs(), target, target.square())
                parts.append(torch.stack(columns).sum(1))
            if not parts:
                raise DataError("there is nothing to evaluate", expected="at least one batch")
            n, squares, absolute, total, total_squares = torch.stack(parts).sum(0).unbind()
            # targets are standardised: their mean is near 0, so that nothing cancels
            spread = total_squares - total.square() / n
            metrics = {"rmse": self.scale * (squares / n).sqrt(), "mae": self.scale * absolute / n}
            if bool(spread > 1e-12 * n):
                metrics["r2"] = 1 - squares / spread
            return floats(metrics)

    def answers(self, outputs: Tensor) -> list[dict[str, Any]]:
        """`value` in original units, from outputs (batch, 1)."""
        return regression(outputs.detach().cpu().numpy(), self.settings())

    def _pair(self, model: nn.ModuleDict, batch: Batch) -> tuple[Tensor, Tensor]:
        """Outputs and targets, both (batch)."""
        if batch.target is None:
            raise DataError("the batch has no target", expected="a number for every example")
        output: Tensor = model["network"](batch.inputs, batch.masks).flatten()
        return output, batch.target.flatten().to(output.dtype)
