"""The channels of a table of series: which columns are read, fitted on the training steps, filled and standardised.

A column whose values are mostly numbers is a channel; a stray word in it is an error with its row. Other columns are
left out, with a note. Gaps are filled with the last value before, within the series. Columns that are known in advance
are channels of an input of their own, `ahead`, over the window and the horizon. Mean and deviation are those of
all series together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.data.content import Content, located
from weftnet.data.infer import Spec
from weftnet.data.kinds._kind import BadValue, Channel, Kind, ahead_of
from weftnet.data.kinds._numbers import floats
from weftnet.data.kinds.calendar import Calendar
from weftnet.data.kinds.forecast import Forecast
from weftnet.data.kinds.window import Window
from weftnet.data.order import Rows
from weftnet.data.preprocessing import Preprocessing, missing_column
from weftnet.data.season import season
from weftnet.data.timeline import Timeline
from weftnet.errors import DataError, SettingError

_SAMPLE = 1000


@dataclass(frozen=True)
class ForecastSpec:
    """What is to be forecast from what.

    Args:
        targets: the columns to forecast; None for every column of numbers.
        kinds: None leaves a column out.
        context: steps a network reads.
        horizon: steps it forecasts.
        dates: the column of dates whose calendar features are read too; None for none.
        known: columns that are known in advance; the dates may be among them.
        static: columns that are the same in all rows of a series.
    """

    targets: Sequence[str] | None
    kinds: Mapping[str, Spec | None]
    context: int
    horizon: int
    dates: str | None
    known: tuple[str, ...] = ()
    static: tuple[str, ...] = ()

    def is_target(self, name: str) -> bool:
        """Whether a column was named as a target."""
        return self.targets is not None and name in self.targets


def fit_channels(
    content: Content, line: Timeline, train: tuple[int, int], spec: ForecastSpec
) -> tuple[Preprocessing, list[str]]:
    """A window for each column of numbers, fitted on the training steps, the calendar, and the forecast's kind.

    Raises:
        DataError: a value is no number, a target has none in the training steps; names row and column.
        SettingError: `kinds` sets another kind, or leaves a target out.
    """
    _check_names(content, spec)
    training = line.order[_within(line.tick, train) & ~line.absent]
    columns: dict[str, Kind] = {}
    notes: list[str] = []
    for name in content.columns:
        if name in line.columns or name in spec.static or _is_excluded(name, spec):
            continue
        window, noticed = _window(content, name, line, training, spec)
        notes += noticed
        if window is not None:
            columns[name] = window
    if not columns:
        raise DataError("no column of numbers is left to forecast", where=content.source)
    forecast = _forecast({name: kind for name, kind in columns.items() if not ahead_of(kind)}, spec, line.step)
    targets = read_channels(content, columns, line, forecast.targets)
    repeats = season([targets[a:b][_within(line.tick[a:b], train)] for a, b in line.bounds], spec.context, spec.horizon)
    if repeats:
        forecast.period = repeats.period
        notes.append(str(repeats))
    if spec.dates is not None:
        columns[spec.dates] = Calendar(time=spec.context, ahead=spec.horizon if spec.dates in spec.known else 0)
    return Preprocessing(MappingProxyType(columns), forecast), notes


def read_channels(
    content: Content, columns: Mapping[str, Kind], line: Timeline, only: Sequence[str] | None = None
) -> NDArray[np.float32]:
    """(places, channels) standardised, in the order of the timeline; with `only`, the values of these columns alone."""
    channels = []
    for name in columns if only is None else only:
        kind = columns[name]
        if not isinstance(kind, Channel):
            raise DataError("this column is no channel of a series", where=f"{content.source}: {name}")
        raw = [line.taken(content.columns[name], a, b) for a, b in line.bounds]
        if name in line.columns and line.stamps is not None:
            raw = [line.stamps[a:b].round().astype("datetime64[s]") for a, b in line.bounds]
        series = [
            located(content, name, line.order[a:b], lambda each=each, kind=kind: kind.whole(each))
            for (a, b), each in zip(line.bounds, raw, strict=True)
        ]
        whole = np.concatenate(series)
        channels.append(whole if only is None else whole[:, :1])
    return np.concatenate(channels, 1)


def _within(ticks: Rows, span: tuple[int, int]) -> NDArray[np.bool_]:
    """Which ticks lie in a split."""
    return (ticks >= span[0]) & (ticks < span[1])


def _check_names(content: Content, spec: ForecastSpec) -> None:
    targets = spec.targets
    for column in [*spec.kinds, *(targets or []), *spec.known, *spec.static]:
        if column not in content.columns:
            raise missing_column(column, list(content.columns), content.source)
    for one, other, what in (
        (spec.known, targets or (), "a target is not known in advance"),
        (spec.static, targets or (), "a target is not the same in all rows"),
        (spec.static, spec.known, "what is the same in all rows needn't be known in advance"),
    ):
        if both := sorted({*one} & {*other}):
            raise SettingError(what, where="known, static", got=", ".join(both))
    if targets is not None and (not targets or len(set(targets)) != len(targets)):
        raise SettingError("the targets must be names of different columns", where="target", got=repr(targets))


def _is_excluded(name: str, spec: ForecastSpec) -> bool:
    """Whether `kinds` leaves a column out."""
    if name not in spec.kinds:
        return False
    kind = spec.kinds[name]
    if kind is None and spec.is_target(name):
        raise SettingError("a target's past is an input", where=f"kinds: {name}", fix="don't leave it out")
    if kind not in (None, "number"):
        raise SettingError(
            "a forecast reads columns of numbers", where=f"kinds: {name}", expected="'number' or None", got=repr(kind)
        )
    return kind is None


def _window(
    content: Content, name: str, line: Timeline, training: Rows, spec: ForecastSpec
) -> tuple[Window | None, list[str]]:
    """The fitted window of a column, None if the column is left out; and notes."""
    values = content.columns[name]
    if not spec.is_target(name) and not _is_numeric(values):
        if name in spec.known:
            what, fix = "a column that is known in advance holds numbers", "write classes as columns of 0 and 1"
            raise DataError(what, where=f"{content.source}: {name}", fix=fix)
        return None, [f"column {name!r} holds no numbers and is left out"]
    numbers = located(content, name, None, lambda: floats(values))
    if np.isnan(numbers[training]).all():
        if spec.is_target(name):
            raise DataError("the target has no value in the training split", where=f"{content.source}: {name}")
        return None, [f"column {name!r} is empty in the training split and left out"]
    ahead = spec.horizon if name in spec.known else 0
    absent = line.stamps is not None and bool(np.isnan(line.taken(numbers)).any())
    return Window(time=spec.context, ahead=ahead, observed=absent).fit(numbers[training]), _gap_notes(
        name, numbers, line
    )


def _forecast(columns: Mapping[str, Kind], spec: ForecastSpec, step: float) -> Forecast:
    """The kind of the target, with the statistics of the columns that are forecast."""
    targets = list(spec.targets or columns)
    widths = [kind.signal.size("dim") for kind in columns.values()]
    places = dict(zip(columns, [sum(widths[:number]) for number in range(len(widths))], strict=True))
    forecast = Forecast(spec.horizon, targets, [places[name] for name in targets], step)
    forecast.mean = [columns[name].state()["mean"] for name in targets]
    forecast.std = [columns[name].state()["std"] for name in targets]
    return forecast


def _is_numeric(values: NDArray[Any]) -> bool:
    """Whether most of a column's first values are numbers."""
    if values.dtype.kind in "fiub":
        return True
    present = [value for value in values[:_SAMPLE].tolist() if value is not None]
    numbers = 0
    for value in present:
        try:
            floats(np.array([value], dtype=object))
            numbers += 1
        except BadValue:
            continue
    return numbers > len(present) / 2


def _gap_notes(name: str, numbers: NDArray[np.float64], line: Timeline) -> list[str]:
    """How many values were missing, and what was read instead."""
    series = [np.isnan(line.taken(numbers, a, b)) for a, b in line.bounds]
    leading = sum(len(gaps) if gaps.all() else int(np.argmin(gaps)) for gaps in series)
    inner = sum(int(gaps.sum()) for gaps in series) - leading
    notes = [f"{name}: {inner} missing values read as the last one before them"] * (inner > 0)
    return notes + [f"{name}: {leading} missing values at the start of a series read as the mean"] * (leading > 0)
