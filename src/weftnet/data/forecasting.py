"""Data made of long series: windows of them, and as target the steps that come after.

    series    values[t − context … t − 1]        every column of numbers, and calendar features on request
    ahead     values[t − context … t + horizon − 1]      columns that are known in advance
    table     columns that are the same in all rows of a series
    target    values[t … t + horizon − 1]        the target columns

The splits follow each other in time: 60 % train, 20 % validation, 20 % test, or as many steps as `splits` says
(`{"train": 8640, "validation": 2880, "test": 2880}`; the rest stays unused). A split's windows are those whose whole
target lies in it. Their input may begin before it, as in the literature: at the boundary the past is known. Of several
series in one file, distinguished by a column, no window reaches from one into another; all are split at the same points
in time. Windows are never materialised: a batch gathers them from the one standardised table.

A table as a question, opened by a state without target, is one window for each series: its last rows. What comes after
them is the answer, so no row of the target need exist. Where columns are known in advance, the last `horizon` rows of
each series are those that are asked about: of them these columns alone are read.
"""

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from weftnet.data.batch import Batch
from weftnet.data.channels import ForecastSpec, fit_channels, read_channels
from weftnet.data.content import Content
from weftnet.data.data import Data, known_split
from weftnet.data.grid import Steps
from weftnet.data.infer import Spec
from weftnet.data.kinds._kind import Channel, ahead_of
from weftnet.data.kinds.forecast import Forecast
from weftnet.data.order import permutation
from weftnet.data.preprocessing import Preprocessing
from weftnet.data.splits import SPLITS, SplitSpec
from weftnet.data.static import fit_static, read_static
from weftnet.data.timeline import Timeline, last_rows, next_starts, require_ahead, split_ticks, timeline, window_starts
from weftnet.data.truth import whole_windows
from weftnet.errors import SettingError


class ForecastData(Data):
    """Windows of series, and what comes after them.

    Args:
        content: the raw table.
        preprocessing: a window for each column, and the fitted forecast; without it this is a question.
        line: the rows in order of time.
        edges: first and past-the-last tick of each split.
        state: what `state()` returns besides the preprocessing.
        notes: the findings so far.
        truth: what targets are: values that were "observed", or "filled" ones too.
    """

    def __init__(
        self,
        content: Content,
        preprocessing: Preprocessing,
        line: Timeline,
        edges: Mapping[str, tuple[int, int]],
        state: Mapping[str, Any],
        notes: list[str],
        truth: str = "observed",
    ) -> None:
        preprocessing.require(content)
        self.name, self.source, self.fingerprint = content.name, content.source, content.fingerprint
        self.preprocessing, self.target, self._line = preprocessing, preprocessing.target, line
        self.notes, self._state = notes, dict(state)
        forecast = _forecast_of(preprocessing)
        context = preprocessing.signals["series"].size("time")
        channels = {name: kind for name, kind in preprocessing.columns.items() if isinstance(kind, Channel)}
        known = {name: kind for name, kind in channels.items() if ahead_of(kind)}
        past = {name: kind for name, kind in channels.items() if name not in known}
        reach = max(map(ahead_of, known.values()), default=0)
        horizon = forecast.horizon if forecast else reach
        self._values = torch.from_numpy(read_channels(content, past, line))
        self._known = torch.from_numpy(read_channels(content, known, line)) if known else None
        static = read_static(content, preprocessing.columns, line)
        self._static = None if static is None else torch.from_numpy(static)
        self._channels = torch.tensor(forecast.channels if forecast else [])
        self._names: dict[int, str] = {}
        if forecast:
            starts = window_starts(line, edges, context, horizon, content.source)
            kept, left_out = whole_windows(content, line, starts, forecast, truth == "filled")
            starts, self.notes = kept, [*notes, *left_out]
            self._rows = torch.from_numpy(line.order)
        else:
            starts = {"test": next_starts(line, context, content.source, reach)}
            self._rows = torch.from_numpy(np.insert(line.order, 0, -1))  # the row before a start
            self._names = last_rows(line, reach)
            require_ahead(content, list(known), line, reach)
            self.notes = [*notes, *(_asked(reach) if reach else [])]
        self._starts = {split: torch.from_numpy(starts.get(split, np.empty(0, np.int64))) for split in SPLITS}
        self._before, self._after = torch.arange(-context, 0), torch.arange(horizon)
        self.sizes = {split: len(starts) for split, starts in self._starts.items()}
        self.signals = {name: each.with_rows(self.sizes["train"]) for name, each in preprocessing.signals.items()}
        self._order: tuple[tuple[int, int], Tensor] | None = None

    @property
    def named(self) -> str:
        """Of a question about series that a column distinguishes: `series`."""
        return "series" if self._names else "row"

    def name_of(self, row: int) -> str | int:
        """The series that ends with this row, if a question is named so; else the number of the row."""
        return self._names.get(row, row + 1)

    def ticks(self, split: str) -> NDArray[np.int64]:
        """(n) when the target of each window of a split begins, in the order of `batches`."""
        found: NDArray[np.int64] = self._line.tick[self._starts[known_split(split)].numpy()]
        return found

    def series(self, split: str) -> NDArray[np.int64]:
        """(n) the number of each window's series, in the order of `batches`."""
        return self._series_at(self._starts[known_split(split)])

    def _series_at(self, starts: Tensor) -> NDArray[np.int64]:
        """(n) the number of the series of each window, by the place before its target."""
        ends = np.array([end for _, end in self._line.bounds])
        found: NDArray[np.int64] = np.searchsorted(ends, starts.numpy() - 1, side="right")
        return found

    @property
    def series_names(self) -> tuple[str, ...]:
        """The series' names by their number; () where there is one."""
        return tuple(name for name in self._line.names if name is not None)

    def rows(self, split: str) -> Tensor:
        """The row of each window's first target step, of a question its last row, ascending."""
        return self._rows[self._starts[known_split(split)]].sort().values

    def train_batch(self, step: int, batch_size: int, seed: int) -> Batch:
        """Batch `step`: epochs follow each other, each in its own order, each window at most once in an epoch."""
        epoch, place = divmod(step, self.steps_per_epoch(batch_size))
        if self._order is None or self._order[0] != (seed, epoch):
            order = permutation(self.sizes["train"], "order", seed, epoch)
            self._order = (seed, epoch), self._starts["train"][torch.from_numpy(order)]
        return self._batch(self._order[1][place * batch_size : (place + 1) * batch_size])

    def batches(self, split: str, batch_size: int) -> Iterator[Batch]:
        """A split's windows in order, the last batch short."""
        for starts in torch.split(self._starts[known_split(split)], batch_size):
            if len(starts):
                yield self._batch(starts)

    def encode(self, raw: Mapping[str, Any]) -> Batch:
        """Windows of raw values by column, each a list of the last `context` values, as a batch without target."""
        return Batch.of(self.preprocessing.encode(raw))

    def state(self) -> dict[str, Any]:
        """Settings, the fitted preprocessing and the content's fingerprint."""
        return {**self._state, "preprocessing": self.preprocessing.state()}

    def _batch(self, starts: Tensor) -> Batch:
        inputs = {"series": self._values[starts[:, None] + self._before]}
        if self._known is not None:
            inputs["ahead"] = self._known[starts[:, None] + torch.cat([self._before, self._after])]
        if self._static is not None:
            inputs["table"] = self._static[torch.from_numpy(self._series_at(starts))]
        if self.target is None:
            return Batch(inputs, {}, {}, self._rows[starts])
        target = self._values[(starts[:, None] + self._after)[..., None], self._channels]
        return Batch(inputs, {}, {"forecast": target}, self._rows[starts])


def open_forecasting(
    content: Content,
    target: str | Sequence[str] | None,
    kinds: Mapping[str, Spec | None],
    splits: SplitSpec,
    state: Mapping[str, Any] | None,
    options: Mapping[str, Any],
    *,
    context: int = 96,
    horizon: int = 24,
    time: str | None = None,
    series: str | None = None,
    calendar: bool = False,
    known: list[str] | None = None,
    static: list[str] | None = None,
    steps: Steps = "even",
    truth: Literal["observed", "filled"] = "observed",
) -> ForecastData:
    """Split, fit and encode a table of series; with a state, encode as it says (other content becomes the test split).

    Args:
        content: the raw table.
        target: the columns to forecast; None for every column of numbers.
        kinds: None leaves a column out.
        splits: shares or numbers of steps.
        state: of data opened before; without its target the table is a question.
        options: to be kept in the state, those below among them.
        context: steps a network reads.
        horizon: steps it forecasts.
        time: the column of time stamps; without it the rows are the steps.
        series: the column that distinguishes several series.
        calendar: whether the time of day, week and year is read too.
        known: columns that are known in advance, such as a holiday or a price; among them `time`, of a calendar.
        static: columns that are the same in all rows of a series, such as a region.
        steps: how uneven and missing steps are read, see `grid.py`.
        truth: whether windows of whose target a value is missing are left out, or have it filled as inputs are.

    Raises:
        DataError: the table can't be read as series; names row and column.
        SettingError: an option can't be used.
    """
    if context < 1 or horizon < 1:
        raise SettingError("context and horizon are positive numbers of steps", got=f"{context} and {horizon}")
    if calendar and time is None:
        raise SettingError(
            "calendar features are made of time stamps", where="calendar", fix="name their column: time=…"
        )
    if time in (known or ()) and not calendar:
        raise SettingError("dates are read by a calendar", where="known", got=str(time), fix="calendar=true")
    line, notes = timeline(content, time, series, steps)
    settings = {
        "form": ForecastData.form(), "source": content.source, "fingerprint": content.fingerprint, "target": None,
        "splits": splits, "seed": 0, "options": dict(options),
    }  # fmt: skip
    if state is not None:
        preprocessing = Preprocessing.from_state(state["preprocessing"])
        edges = {"train": (0, 0), "validation": (0, 0), "test": (0, line.ticks)}
        if content.fingerprint == state["fingerprint"]:
            edges, _ = split_ticks(line.ticks, splits)
        return ForecastData(content, preprocessing, line, edges, settings, [], truth)
    edges, unused = split_ticks(line.ticks, splits)
    targets = [target] if isinstance(target, str) else target
    dates = time if calendar else None
    spec = ForecastSpec(targets, kinds, context, horizon, dates, tuple(known or ()), tuple(static or ()))
    preprocessing, noticed = fit_channels(content, line, edges["train"], spec)
    if spec.static:
        fitted = fit_static(content, line, spec.static, kinds)
        preprocessing = Preprocessing(MappingProxyType({**preprocessing.columns, **fitted}), preprocessing.target)
    if len(line.bounds) > 1:
        noticed.append("mean and standard deviation of a column are those of all series together")
    return ForecastData(content, preprocessing, line, edges, settings, [*notes, *unused, *noticed], truth)


def _asked(ahead: int) -> list[str]:
    return [
        f"the last {ahead} rows of each series are those that are asked about: only what is known in advance is read"
    ]


def _forecast_of(preprocessing: Preprocessing) -> Forecast | None:
    if not isinstance(preprocessing.target, Forecast | None):
        raise SettingError("this is not the state of a forecast's data", got=str(preprocessing.target))
    return preprocessing.target
