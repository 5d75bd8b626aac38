"""The channels of a table of series: which columns are read, fitted on the training steps, filled and standardised.

A column whose values are mostly numbers is a channel; a stray word in it is an error with its row. Other columns are
left out, with a note. Gaps are filled with the last value before, within the series.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.data.content import Content, located
from weftnet.data.infer import Spec
from weftnet.data.kinds._kind import BadValue, Channel, Kind
from weftnet.data.kinds.calendar import Calendar
from weftnet.data.kinds.forecast import Forecast
from weftnet.data.kinds.number import floats
from weftnet.data.kinds.window import Window
from weftnet.data.preprocessing import Preprocessing, missing_column
from weftnet.data.timeline import Timeline
from weftnet.errors import DataError, SettingError

_SAMPLE = 1000


def fit_channels(
    content: Content,
    line: Timeline,
    train: tuple[int, int],
    target: str | Sequence[str] | None,
    kinds: Mapping[str, Spec | None],
    context: int,
    horizon: int,
    dates: str | None,
) -> tuple[Preprocessing, list[str]]:
    """A window for each column of numbers, fitted on the training steps, the dates', and the forecast's kind.

    Raises:
        DataError: a value is no number, a target has none in the training steps; names row and column.
        SettingError: `kinds` asks for another kind, or leaves a target out.
    """
    named = None if target is None else [target] if isinstance(target, str) else list(target)
    for column in [*kinds, *(named or [])]:
        if column not in content.columns:
            raise missing_column(column, list(content.columns), content.source)
    if named is not None and (not named or len(set(named)) != len(named)):
        raise SettingError("the targets are names of different columns", where="target", got=repr(target))
    training = line.order[(line.tick >= train[0]) & (line.tick < train[1])]
    columns: dict[str, Kind] = {}
    notes: list[str] = []
    for name, values in content.columns.items():
        if name in line.columns:
            continue
        wanted = named is not None and name in named
        if _left_out(name, kinds, wanted):
            continue
        if not wanted and not _numeric(values):
            notes.append(f"column {name!r} holds no numbers and is left out")
            continue
        numbers = located(content, name, None, lambda values=values: floats(values))
        if np.isnan(numbers[training]).all():
            if wanted:
                raise DataError("the target has no value in the training part", where=f"{content.source}: {name}")
            notes.append(f"column {name!r} is empty in the training part and left out")
            continue
        columns[name] = Window(time=context).fit(numbers[training])
        notes += _gaps(name, numbers, line)
    if not columns:
        raise DataError("no column of numbers is left to forecast", where=content.source)
    targets = named or list(columns)
    places = {name: place for place, name in enumerate(columns)}
    forecast = Forecast(horizon, targets, [places[name] for name in targets], line.step)
    forecast.mean = [columns[name].state()["mean"] for name in targets]
    forecast.std = [columns[name].state()["std"] for name in targets]
    if dates is not None:
        columns[dates] = Calendar(time=context)
    return Preprocessing(MappingProxyType(columns), forecast), notes


def read_channels(content: Content, columns: Mapping[str, Kind], line: Timeline) -> NDArray[np.float32]:
    """(places, channels) standardised, in the order of the line."""
    read = []
    for name, kind in columns.items():
        if not isinstance(kind, Channel):
            raise DataError("this column is no channel of a series", where=f"{content.source}: {name}")
        values = content.columns[name]
        parts = [
            located(content, name, line.order[a:b], lambda part=values[line.order[a:b]], kind=kind: kind.whole(part))
            for a, b in line.bounds
        ]
        read.append(np.concatenate(parts))
    return np.concatenate(read, 1)


def _left_out(name: str, kinds: Mapping[str, Spec | None], target: bool) -> bool:
    if name not in kinds:
        return False
    if kinds[name] is None and target:
        raise SettingError("a target's past is an input", where=f"kinds: {name}", fix="don't leave it out")
    if kinds[name] not in (None, "number"):
        raise SettingError(
            "a forecast reads columns of numbers", where=f"kinds: {name}", expected="'number' or None",
            got=repr(kinds[name]),
        )  # fmt: skip
    return kinds[name] is None


def _numeric(values: NDArray[Any]) -> bool:
    """Whether most of a column's first values are numbers."""
    if values.dtype.kind in "fiub":
        return True
    real = [value for value in values[:_SAMPLE].tolist() if value is not None]
    sound = 0
    for value in real:
        try:
            floats(np.array([value], dtype=object))
            sound += 1
        except BadValue:
            continue
    return sound > len(real) / 2


def _gaps(name: str, numbers: NDArray[np.float64], line: Timeline) -> list[str]:
    """How many values were missing, and what was read instead."""
    absent = np.isnan(numbers)
    if not absent.any():
        return []
    first = sum(int(np.argmin(absent[line.order[a:b]])) if not absent[line.order[a:b]].all() else b - a
                for a, b in line.bounds)  # fmt: skip
    before = int(absent.sum()) - first
    told = [f"{name}: {before} missing values read as the last one before them"] * (before > 0)
    return told + [f"{name}: {first} missing values at the start of a series read as the mean"] * (first > 0)
