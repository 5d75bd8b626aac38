"""The rows of a table of series in order of time, where the splits begin and end, and where targets start.

A tick is a point in time, counted from 0. With time stamps the ticks are the distinct stamps of the whole table;
without, each row is the next tick of its series. Rows are ordered by series, within a series as in the file. On a grid
(`grid.py`) the ticks are its steps, and steps without a row have places too.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, get_args

import numpy as np
from numpy.typing import NDArray

from weftnet.data.content import Content, located
from weftnet.data.grid import Grid, Steps
from weftnet.data.order import Rows
from weftnet.data.preprocessing import missing_column
from weftnet.data.splits import SPLITS, SplitSpec
from weftnet.data.stamps import ascending, stamps, step_of
from weftnet.errors import DataError, SettingError

SHARES = {"train": 0.6, "validation": 0.2, "test": 0.2}


@dataclass(frozen=True)
class Timeline:
    """The rows in order.

    Args:
        order: (places,) the row at each place; -1 for a step without one.
        tick: (places,) the tick of each place, ascending within a series.
        bounds: first and past-the-last place of each series.
        names: the series' names; None where there is one.
        ticks: how many there are.
        step: from one stamp to the next, 0 where that is not known or a month.
        columns: of the table that are no channels: time stamps and series names.
        stamps: (places,) in seconds where they are dates; None where every step has a row.
    """

    order: Rows
    tick: Rows
    bounds: tuple[tuple[int, int], ...]
    names: tuple[str | None, ...]
    ticks: int
    step: float
    columns: tuple[str, ...]
    stamps: NDArray[np.float64] | None = None

    @property
    def absent(self) -> NDArray[np.bool_]:
        """(places,) whether a step has no row."""
        missing: NDArray[np.bool_] = self.order < 0
        return missing

    @property
    def last(self) -> Rows:
        """(places,) the row of each place, or the last one before it."""
        at = np.maximum.accumulate(np.where(self.absent, 0, np.arange(len(self.order))))
        rows: Rows = self.order[at]
        return rows

    def taken(self, values: NDArray[Any], start: int = 0, end: int | None = None) -> NDArray[Any]:
        """The raw values of a column at the places from start to end; missing ones where there is no row."""
        rows = self.order[start:end]
        if not (rows < 0).any():
            return values[rows]
        found = np.full(
            len(rows),
            np.nan if values.dtype.kind == "f" else None,
            values.dtype if values.dtype.kind == "f" else object,
        )
        found[rows >= 0] = values[rows[rows >= 0]]
        return found


def timeline(content: Content, time: str | None, series: str | None, how: Steps = "even") -> tuple[Timeline, list[str]]:
    """The order of a table's rows, and notes.

    Raises:
        DataError: a column is missing; stamps can't be read, don't ascend or are uneven; names row and column.
    """
    for column in (time, series):
        if column is not None and column not in content.columns:
            raise missing_column(column, list(content.columns), content.source)
    if content.splits:
        raise SettingError("a forecast is split in time, but the source has splits of its own", where=content.source)
    order, bounds, names = _by_series(content, series)
    step, tick = 0.0, np.concatenate([np.arange(end - start) for start, end in bounds])
    if how != "even":
        return _on_grid(content, time, series, how)
    if time is not None:
        points = located(content, time, None, lambda: stamps(content.columns[time]))[order]
        steps = [
            located(content, time, order[a:b], lambda a=a, b=b: step_of(points[a:b])) for a, b in bounds if b - a > 1
        ]
        if len({each for each in steps if each is not None}) > 1:
            several = [f"{name}: {each:g}" for name, each in zip(names, steps, strict=False) if each is not None]
            raise DataError("the series have different steps", where=content.source, got=", ".join(several[:5]))
        step = next((each for each in steps if each is not None), 0.0)
        _, tick = np.unique(points, return_inverse=True)
    columns = tuple(column for column in (time, series) if column is not None)
    line = Timeline(order, tick.astype(np.int64), bounds, names, int(tick.max()) + 1, step, columns)
    return line, [f"{len(bounds)} series, by column {series}"] * (series is not None)


def _on_grid(content: Content, time: str | None, series: str | None, how: Steps) -> tuple[Timeline, list[str]]:
    """As `timeline`, with a place for every step of a regular grid."""
    if how not in get_args(Steps):
        raise SettingError(
            "steps are even, filled or moved", where="steps", expected="even, fill, nearest", got=str(how)
        )
    if time is None:
        raise SettingError("steps are counted by time stamps", where="steps", fix="name their column: time=…")
    order, bounds, names = _by_series(content, series)
    points = located(content, time, None, lambda: stamps(content.columns[time]))[order]
    own = [
        located(content, time, order[a:b], lambda a=a, b=b: (ascending(points[a:b]), points[a:b])[1]) for a, b in bounds
    ]
    grid = Grid(own, how, f"{content.source}: {time}")
    rows, ticks, edges = [], [], [0]
    for (a, b), each in zip(bounds, own, strict=True):
        places = located(content, time, order[a:b], lambda each=each: grid.places(each))
        ticks.append(np.arange(places[0], places[-1] + 1))
        rows.append(np.full(len(ticks[-1]), -1))
        rows[-1][places - places[0]] = order[a:b]
        edges.append(edges[-1] + len(rows[-1]))
    tick = np.concatenate(ticks).astype(np.int64)
    columns = tuple(column for column in (time, series) if column is not None)
    line = Timeline(
        np.concatenate(rows), tick, tuple(pairwise(edges)), names, int(tick.max()) + 1, grid.step, columns,
        grid.stamps(tick),
    )  # fmt: skip
    notes = [f"{len(bounds)} series, by column {series}"] * (series is not None)
    if count := int(line.absent.sum()):
        share = f"{100 * count / len(tick):.1f} %"
        notes.append(f"{count} of {len(tick)} steps ({share}) have no row: inserted, their values read as missing")
    moved = max(float(np.abs(grid.stamps(grid.places(each)) - each).max()) for each in own)
    return line, notes + [f"time stamps were moved to the nearest step, by at most {moved:g}"] * (
        how == "nearest" and moved > 0
    )


def _by_series(
    content: Content, series: str | None
) -> tuple[Rows, tuple[tuple[int, int], ...], tuple[str | None, ...]]:
    """Rows in the order of the series, first and past-the-last place of each, and their names."""
    if series is None:
        return np.arange(content.count), ((0, content.count),), (None,)
    values = content.columns[series]
    absent = np.array([value is None or value != value for value in values.tolist()])
    if absent.any():
        raise DataError("the row belongs to no series", where=content.place(series, int(np.argmax(absent))))
    names, place = np.unique(values.astype(str), return_inverse=True)
    order = np.argsort(place, kind="stable")
    edges = np.searchsorted(place[order], np.arange(len(names) + 1)).tolist()
    return order, tuple(pairwise(edges)), tuple(names.tolist())


def split_ticks(ticks: int, splits: SplitSpec) -> tuple[dict[str, tuple[int, int]], list[str]]:
    """First and past-the-last tick of each split, by shares or numbers of ticks; and a note on unused ticks.

    Raises:
        SettingError: neither shares that add up to 1 nor numbers of steps that the data have.
    """
    settings: dict[str, Any] = {"by": splits} if isinstance(splits, str) else dict(splits or {})
    in_time = settings.pop("by", "time") == "time"
    wanted = (settings or dict(SHARES)) if in_time else {}
    sizes = [wanted.get(split, 0) for split in SPLITS]
    numbers = all(isinstance(size, int | float) and not isinstance(size, bool) and size >= 0 for size in sizes)
    counts = numbers and all(isinstance(size, int) for size in sizes) and sum(sizes) > 1
    fits = numbers and (sum(sizes) <= ticks if counts else abs(sum(sizes) - 1) <= 1e-9)
    if set(wanted) - set(SPLITS) or not sizes[0] or not fits:
        raise SettingError(
            "a series is split in time, by shares that add up to 1 or by numbers of steps",
            where="splits",
            expected=f"{{'train': 0.6, 'validation': 0.2, 'test': 0.2}}, or at most {ticks} steps in all",
            got=repr(splits),
        )
    ends = np.cumsum(sizes) if counts else np.round(np.cumsum(sizes) * ticks).astype(int)
    edges = [0, *ends.tolist()]
    notes = [f"the last {ticks - edges[-1]} steps are in no split and stay unused"] * (edges[-1] < ticks)
    return {split: (edges[number], edges[number + 1]) for number, split in enumerate(SPLITS)}, notes


def window_starts(
    line: Timeline, edges: Mapping[str, tuple[int, int]], context: int, horizon: int, source: str
) -> dict[str, Rows]:
    """The place of each window's first target step: its target is within the split, its input within the series.

    Raises:
        DataError: a split that was requested has no window.
    """
    starts: dict[str, Rows] = {}
    for split, (first, last) in edges.items():
        places, longest = [np.empty(0, np.int64)], 0
        for start, end in line.bounds:
            low, high = start + np.searchsorted(line.tick[start:end], (first, last))
            places.append(np.arange(max(low, start + context), high - horizon + 1))
            longest = max(longest, int(high - (start if split == "train" else low)))
        starts[split] = np.concatenate(places)
        if last > first and not len(starts[split]):
            needed = context + horizon
            raise DataError(
                f"the {split} split has no window" + " in any series" * (len(line.bounds) > 1),
                where=source,
                expected=f"{horizon} steps in the split, {needed} in the series up to its end",
                got=f"at most {longest} steps in the split",
                fix="a shorter context or horizon, other splits, or more rows",
            )
    return starts


def next_starts(line: Timeline, context: int, source: str, ahead: int = 0) -> Rows:
    """The place after the last known row of each series: where the steps start that nobody knows yet; by these rows.

    Args:
        line: the rows in order.
        context: rows that are read.
        source: of the table.
        ahead: rows of each series behind its last known one, of which some columns are known in advance.

    Raises:
        DataError: a series is shorter than a window.
    """
    for name, (start, end) in zip(line.names, line.bounds, strict=True):
        if end - start < context + ahead:
            more = f", and {ahead} of what is known in advance" if ahead else ""
            raise DataError(
                "there are fewer rows than the run reads at once",
                where=source if name is None else f"{source}: series {name!r}",
                expected=f"at least {context} rows, the context{more}",
                got=f"{end - start} rows",
                fix="give more of the past, or train with a shorter context",
            )
    ends = np.array([end - ahead for _, end in line.bounds])
    return ends[np.argsort(line.last[ends - 1])]


def require_ahead(content: Content, names: Sequence[str], line: Timeline, ahead: int) -> None:
    """Refuse a question that lacks what is known in advance.

    Raises:
        DataError: a value is missing in the last rows of a series; names row and column.
    """
    for name in names:
        column = content.columns[name]
        for start, end in line.bounds:
            first = max(start, end - ahead)
            for place, value in enumerate(line.taken(column, first, end).tolist(), first):
                if value is None or value != value:
                    raise DataError(
                        "a value that is known in advance is missing", where=content.place(name, int(line.last[place])),
                        expected=f"a value in each of the last {ahead} rows, which are asked about",
                    )  # fmt: skip


def last_rows(line: Timeline, ahead: int = 0) -> dict[int, str]:
    """The name of each series by its last known row; none where no column distinguishes them."""
    ends = zip(line.names, line.bounds, strict=True)
    return {int(line.last[end - ahead - 1]): name for name, (_, end) in ends if name is not None}
