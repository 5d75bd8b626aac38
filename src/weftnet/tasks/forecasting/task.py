"""Forecasting: the next steps of a series, all at once (direct, not step by step).

    t = (target − mean) / scale                     the data give both sides standardised
    loss = mean of (y − t)² "mse", |y − t| "mae", or Huber's "huber", over batch, horizon and targets
    naive:     y[h] = the last value of the window
    seasonal:  y[h] = the last value of the window that is a whole number of periods before it
    skill      1 − mse / naive mse                  1 is perfect, 0 is no better than naive

`mse` and `mae` are of the standardised values, as the literature reports them; `rmse_units` and `mae_units` are in the
targets' own units, each target's own and then their mean.

The head turns the network's output into (horizon, targets):

    series (time, dim)     a linear map from its steps to the horizon, the same for every channel, then dense(targets)
    vector, image          dense(horizon · targets), reshape

The map along time is the linear model of A. Zeng and others, Are Transformers effective for time series forecasting?,
2023, https://arxiv.org/abs/2205.13504 (without its decomposition, which is a linear map too): a network that returns
the window unchanged is that model, and one that adds something to it starts from there.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Block, Node
from weftnet.data.batch import Batch
from weftnet.data.data import Data
from weftnet.data.kinds.forecast import Forecast
from weftnet.data.outputs import Outputs, chosen
from weftnet.errors import DataError, SettingError
from weftnet.metrics._metric import Metric, On
from weftnet.metrics.mae import Mae
from weftnet.metrics.mse import Mse
from weftnet.metrics.rmse import Rmse
from weftnet.metrics.skill import Skill
from weftnet.tasks._examples import example
from weftnet.tasks._heads import refusal
from weftnet.tasks._task import Link, Task, wrong_target


@dataclass(frozen=True)
class Forecasting(Task):
    """One network that gives the next steps, standardised.

    Args:
        targets: names of the columns that are forecast.
        horizon: steps ahead.
        channels: the targets' places among the channels of the window, for the naive forecasts.
        mean: of each target over the training steps.
        scale: its standard deviation there.
        loss: "mse", "mae", "huber", or what else `weftnet.losses` takes.
        period: steps of a season, for the seasonal forecast beside the naive one; at most the window's length. By
            default the season that repeats in the training part, if there is one.
        step: seconds, or the unit of the time stamps, from one step to the next; 0 if unknown.
    """

    targets: list[str]
    horizon: int
    channels: list[int]
    mean: list[float]
    scale: list[float]
    loss: Any = "mse"
    period: int | None = None
    step: float = 0.0

    link: ClassVar[Link] = "identity"
    score: ClassVar[str] = "mse"

    def __post_init__(self) -> None:
        where = "task forecasting"
        self.objective  # noqa: B018  # made now, so that a loss that can't be used is refused now
        if self.horizon < 1 or (self.period is not None and self.period < 1):
            got = f"{self.horizon} and {self.period}"
            raise SettingError("horizon and period are positive numbers of steps", where=where, got=got)
        lengths = {len(each) for each in (self.targets, self.channels, self.mean, self.scale)}
        if lengths == {0} or len(lengths) > 1 or not all(scale > 0 for scale in self.scale):
            expected = "a channel, a mean and a positive scale for each target"
            raise SettingError("the targets can't be used", where=where, expected=expected, got=str(self.settings()))

    @classmethod
    def suits(cls, data: Data) -> float:
        """Certain of windows and what comes after them: somebody asked for a horizon."""
        return float(isinstance(data.target, Forecast))

    @classmethod
    def from_data(cls, data: Data, **settings: Any) -> "Forecasting":
        """The task for windows of series.

        Raises:
            DataError: the data are no windows of series, or the period is longer than a window.
        """
        target = data.target
        if not isinstance(target, Forecast):
            raise wrong_target(data, "the next steps of a series", "open the table with horizon=…, context=…")
        settings = {"period": target.period or None, **settings}
        context, period = data.signals["series"].size("time"), settings["period"]
        if isinstance(period, int) and period > context:
            raise DataError(
                "a window holds no whole season", where=data.name, expected=f"a period of at most {context} steps",
                got=str(period), fix="a longer context",
            )  # fmt: skip
        learnt: dict[str, Any] = {
            "targets": list(target.targets),
            "horizon": target.horizon,
            "channels": list(target.channels),
        }
        return cls(**learnt, mean=list(target.mean), scale=list(target.std), step=target.step, **settings)

    def head(self, part: str, gives: Signal, last_block: str | None) -> tuple[Node, ...]:
        """From the network's output to (horizon, targets)."""
        if last_block == "softmax":
            what = "the outputs of a softmax add up to 1, so they are no forecast; remove the softmax"
            raise refusal(part, last_block, what)
        targets = len(self.targets)
        if gives.dtype == "float" and gives.axes == ("time", "dim"):
            time, dim = gives.sizes
            if (time, dim) == (self.horizon, targets) and last_block in ("dense", "reshape"):
                return ()
            along = Block("conv2d", {"channels": self.horizon, "kernel": [time, 1], "padding": "valid"})
            to_series = Block("reshape", {"shape": [self.horizon, dim]})
            across = () if self.channels == list(range(dim)) else (Block("dense", {"dim": targets}),)
            return (Block("sequence_to_channels"), along, to_series, *across)
        pool = (Block("global_average_pool2d"),) if gives.kind == "image" else ()
        if gives.dtype == "float" and gives.kind in ("vector", "image"):
            reshape = Block("reshape", {"shape": [self.horizon, targets]})
            return (*pool, Block("dense", {"dim": self.horizon * targets}), reshape)
        reads = "a vector, a sequence or an image of floats"
        raise refusal(part, last_block, "its output can't become a forecast", reads=reads, received=str(gives))

    def losses(self, model: nn.ModuleDict, batch: Batch, generator: torch.Generator) -> Iterator[tuple[str, Tensor]]:
        """The loss between outputs and standardised targets, both (batch, horizon, targets)."""
        output = model["network"](batch.inputs, batch.masks)
        yield "network", self.objective(output, batch.target, batch.target_mask)

    def metrics(self) -> list[Metric]:
        """MSE, MAE, both in own units, the naive forecasts' MSE and MAE, and the skill."""
        units = [Rmse(self.scale).called("rmse_units"), Mae(self.scale).called("mae_units")]
        others = [
            On(name, metric.called(f"{name}_{metric.name}"))
            for name in ("naive", *(["seasonal"] if self.period is not None else []))
            for metric in (Mse(), Mae(unit=""))
        ]
        return [Mse(), Mae(unit=""), *units, *others, Skill()]

    def evidence(self, model: nn.ModuleDict, batches: Iterable[Batch]) -> Iterator[tuple[Outputs, Tensor]]:
        """`forecast`, `naive` and, with a period, `seasonal`, and the targets; all (batch, horizon, targets)."""
        for batch in batches:
            target, known = batch.target.double(), example(batch).double()[..., self.channels]
            forecasts = {
                "forecast": chosen(self.infer(model, batch)).double(), "naive": known[:, -1:].expand_as(target)
            }  # fmt: skip
            if self.period is not None:
                forecasts["seasonal"] = known[:, seasonal(known.shape[1], self.horizon, self.period)]
            yield forecasts, target


def seasonal(context: int, horizon: int, period: int) -> list[int]:
    """For each step ahead, the place in the window a whole number of periods before it, the latest possible."""
    return [context + ahead % period - period for ahead in range(horizon)]
