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

With `quantiles` it gives as many times the steps, (levels · horizon, targets), which the block `ordered_quantiles`
turns into quantiles that never cross, the median first: that is the forecast. Then

    loss = mean over levels q of max(q (t − y), (q − 1) (t − y))            the pinball loss

Intervals are calibrated once a network is trained, on the validation split: see `_intervals.py`.

The map along time is the linear model of A. Zeng and others, Are Transformers effective for time series forecasting?,
2023, https://arxiv.org/abs/2205.13504 (without its decomposition, which is a linear map too): a network that returns
the window unchanged is that model, and one that adds something to it starts from there.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from weftnet.architecture.signal import Signal
from weftnet.architecture.spec import Block, Node
from weftnet.data.batch import Batch, at_once
from weftnet.data.data import Data
from weftnet.data.forecasting import ForecastData
from weftnet.data.kinds.forecast import Forecast
from weftnet.data.outputs import Outputs, named
from weftnet.errors import DataError, SettingError
from weftnet.losses.quantile import quantile
from weftnet.metrics._metric import Metric, On
from weftnet.metrics.mae import Mae
from weftnet.metrics.mse import Mse
from weftnet.metrics.rmse import Rmse
from weftnet.metrics.skill import Skill
from weftnet.tasks._heads import refusal
from weftnet.tasks._inference import check_options
from weftnet.tasks._passes import name_of
from weftnet.tasks._task import Link, Task, as_double, evaluating, wrong_target
from weftnet.tasks.forecasting._intervals import SCORES, bounded, margins, rounded, scores, spread
from weftnet.tasks.forecasting._scores import Coverage, Pinball, Width


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
        interval: the level of the interval of each value, 0 for none.
        quantiles: levels that the network forecasts, ascending, 0.5 among them; by default none.
        margins: by step and target, learnt on the validation split; of very many, by step alone.
    """

    targets: list[str]
    horizon: int
    channels: list[int]
    mean: list[float]
    scale: list[float]
    loss: Any = "mse"
    period: int | None = None
    step: float = 0.0
    interval: float = 0.9
    quantiles: list[float] = field(default_factory=list)
    margins: list[list[float]] = field(default_factory=list)

    link: ClassVar[Link] = "identity"
    score: ClassVar[str] = "mse"
    learnt_last: ClassVar[tuple[str, ...]] = ("margins",)

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
        self._check_intervals(where)

    def _check_intervals(self, where: str) -> None:
        """Refuse levels and margins that can't be used."""
        if not 0 <= self.interval < 1:
            what, expected = "no interval has this level", "a share of 0 (for none) to below 1"
            raise SettingError(what, where=f"{where}: interval", expected=expected, got=str(self.interval))
        if self.quantiles:
            ends = zip([0.0, *self.quantiles], [*self.quantiles, 1.0], strict=True)
            if not all(a < b for a, b in ends) or 0.5 not in self.quantiles or len(self.quantiles) < 2:
                what, expected = "these are no quantiles of a forecast", "ascending levels in (0, 1), 0.5 among them"
                raise SettingError(what, where=f"{where}: quantiles", expected=expected, got=str(self.quantiles))
            if self.loss != "mse":
                what, fix = "quantiles are learnt by the pinball loss", "leave out loss, or quantiles"
                raise SettingError(what, where=f"{where}: loss", got=str(self.loss), fix=fix)
        if self.margins:
            widths = {len(row) for row in self.margins}
            if len(self.margins) != self.horizon or not widths <= {1, len(self.targets)} or len(widths) > 1:
                expected = f"{self.horizon} steps of {len(self.targets)} targets"
                raise SettingError("margins of another shape", where=f"{where}: margins", expected=expected)

    @property
    def steps_given(self) -> int:
        """The steps of a network's output: the horizon, for each level."""
        return self.horizon * max(1, len(self.quantiles))

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
        targets, steps = len(self.targets), self.steps_given
        last = (Block("ordered_quantiles", {"levels": list(self.quantiles)}),) if self.quantiles else ()
        if gives.dtype == "float" and gives.axes == ("time", "dim"):
            time, dim = gives.sizes
            if (time, dim) == (steps, targets) and last_block in ("dense", "reshape", "ordered_quantiles"):
                return () if last_block == "ordered_quantiles" else last
            along = Block("conv2d", {"channels": steps, "kernel": [time, 1], "padding": "valid"})
            to_series = Block("reshape", {"shape": [steps, dim]})
            across = () if self.channels == list(range(dim)) else (Block("dense", {"dim": targets}),)
            return (Block("sequence_to_channels"), along, to_series, *across, *last)
        pool = (Block("global_average_pool2d"),) if gives.kind == "image" else ()
        if gives.dtype == "float" and gives.kind in ("vector", "image"):
            reshape = Block("reshape", {"shape": [steps, targets]})
            return (*pool, Block("dense", {"dim": steps * targets}), reshape, *last)
        reads = "a vector, a sequence or an image of floats"
        raise refusal(part, last_block, "its output can't become a forecast", reads=reads, received=str(gives))

    def losses(self, model: nn.ModuleDict, batch: Batch, generator: torch.Generator) -> Iterator[tuple[str, Tensor]]:
        """The loss between outputs and standardised targets, both (batch, horizon, targets); of quantiles its mean."""
        output, target, mask = model["network"](batch.inputs, batch.masks), batch.target, batch.target_mask
        if not self.quantiles:
            yield "network", self.objective(output, target, mask)
            return
        first, *others = output.chunk(len(self.quantiles), 1)
        others.insert(self.quantiles.index(0.5), first)
        terms = [quantile(each, target, mask, q=q) for each, q in zip(others, self.quantiles, strict=True)]
        yield "network", torch.stack(terms).mean()

    def infer(self, model: nn.ModuleDict, batch: Batch, options: Mapping[str, Any] | None = None) -> Outputs:
        """As `infer.py` does, by torch as far as the forecast goes: solvers follow it back to a layer."""
        check_options(name_of(self), options or {})
        outputs: Tensor = model["network"](batch.inputs, batch.masks)
        given = {"forecast": outputs[:, : self.horizon]}
        if self.quantiles or self.margins:
            arrays = bounded(outputs.detach().cpu().numpy(), past(batch).cpu().numpy(), self.settings())
            given |= {name: torch.from_numpy(each) for name, each in arrays.items() if name != "forecast"}
            given = {name: each.to(outputs.device) for name, each in given.items()}
        return given

    def metrics(self) -> list[Metric]:
        """MSE, MAE, both in own units, the naive forecasts' MSE and MAE, and the skill.

        `pinball` is the mean over levels of the pinball loss, `coverage` the share of values inside their intervals,
        `width` the mean width of these; all standardised.
        """
        units = [Rmse(self.scale).called("rmse_units"), Mae(self.scale).called("mae_units")]
        others = [
            On(name, metric.called(f"{name}_{metric.name}"))
            for name in ("naive", *(["seasonal"] if self.period is not None else []))
            for metric in (Mse(), Mae(unit=""))
        ]
        levels = [Pinball(self.quantiles)] if self.quantiles else []
        bounds = [Coverage(), Width()] if self.margins else []
        return [Mse(), Mae(unit=""), *units, *others, Skill(), *levels, *bounds]

    def evidence(self, model: nn.ModuleDict, batches: Iterable[Batch]) -> Iterator[tuple[Outputs, Tensor]]:
        """`forecast`, `naive` and, with a period, `seasonal`, and the targets; all (batch, horizon, targets).

        What intervals and quantiles need is among them too.
        """
        for batch in batches:
            target, known = batch.target.double(), past(batch).double()[..., self.channels]
            given = as_double(self.infer(model, batch))
            assert not isinstance(given, Tensor)
            forecasts = {**given, "naive": known[:, -1:].expand_as(target)}
            if self.period is not None:
                forecasts["seasonal"] = known[:, seasonal(known.shape[1], self.horizon, self.period)]
            yield forecasts, target

    def calibrated(self, model: nn.ModuleDict, data: Data, split: str = "validation", last: int = 0) -> Self:
        """The task with the margins of its intervals, by the windows of a split that the training didn't see.

        There are none without such windows, or with too few of them for the level.
        """
        bare: Self = replace(self, margins=[])
        windows = data.sizes.get(split, 0)
        if not self.interval or not windows:
            return bare
        every = -(-windows * self.horizon * len(self.targets) // SCORES)
        kept = np.arange(windows) % every == 0
        if last and isinstance(data, ForecastData):
            newest = np.argsort(data.ticks(split), kind="stable")[-last:]
            kept = np.isin(np.arange(windows), newest[::-1][::every])
        found, seen = [], 0
        with evaluating(model):
            for batch in data.batches(split, at_once(data.signals)):
                wanted = kept[seen : seen + batch.size]
                seen += batch.size
                if wanted.any():
                    found.append(bare.outside(batch, bare.infer(model, batch))[wanted])
        margin = margins(np.concatenate(found), self.interval)
        return bare if margin is None else replace(self, margins=rounded(margin))

    def outside(self, batch: Batch, given: Outputs) -> NDArray[np.float32]:
        """(batch, horizon, targets) how far values lie outside what is given before margins, see `_intervals.py`."""
        arrays = {name: each.double().cpu().numpy() for name, each in named(given).items()}
        low, high = arrays["forecast"], arrays["forecast"]
        if self.quantiles:
            low, high = arrays["quantiles"][:, 0], arrays["quantiles"][:, -1]
        truth, apart = batch.target.double().cpu().numpy(), spread(past(batch).cpu().numpy(), self.channels)
        return scores(low, high, truth, apart).astype(np.float32)


def past(batch: Batch) -> Tensor:
    """(batch, context, dim) the windows."""
    return batch.inputs["series"]


def seasonal(context: int, horizon: int, period: int) -> list[int]:
    """For each step ahead, the place in the window a whole number of periods before it, the latest possible."""
    return [context + ahead % period - period for ahead in range(horizon)]
