"""Scores by group: is the network as good for some as for others? The groups are the values of any column.

The column need not be an input. Numbers of many values are divided at their quartiles. The interval is that of the
task's judge where its score decides, else the jackknife's (`metrics/_left_out.py`).
"""

import math
from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.base.figures import Cell, Figure, Paragraph, Table
from weftnet.base.intervals import interval
from weftnet.base.numbers import number
from weftnet.data.rows import RowData
from weftnet.errors import SettingError
from weftnet.report.subject import Subject
from weftnet.run.judging import judge
from weftnet.tasks._judgement import Bounds

#: distinct numbers from which on they are divided; the most groups; examples below which a group says little
_DIVIDED, _MOST, FEW = 12, 20, 30
_OTHERS, _MISSING = "all others", "missing"


@dataclass(frozen=True)
class Group:
    """A group's score.

    Args:
        name: of the group.
        n: how many examples it has.
        value: of the metric that decides.
        bounds: its interval; None where there is none.
    """

    name: str
    n: int
    value: float
    bounds: Bounds | None


def groups(subject: Subject, column: str) -> list[Group]:
    """The split's groups by a column, the largest first.

    Raises:
        SettingError: the examples are no rows of a table, so that they have no such column.
        DataError: there is no such column.
    """
    data = subject.data
    if not isinstance(data, RowData):
        got = "no data" if data is None else f"examples of the form {data.form()}"
        raise SettingError("groups need rows with columns", where=f"--by {column}", got=got)
    rows = data.rows(subject.split).numpy()
    names = _names(data.raw(rows, column).get(column), column, data)
    found = []
    counts = Counter(names)
    for name, count in sorted(counts.items(), key=lambda each: (each[0] == _OTHERS, -each[1], each[0])):
        here = rows[np.array([each == name for each in names])]
        found.append(_scored(subject, data.split_as({
            **{split: data.rows(split).numpy() for split in data.sizes}, subject.split: here,
        }), name, count))  # fmt: skip
    return found


def group_figures(subject: Subject, column: str) -> tuple[Figure, ...]:
    """A table of the groups, and what it says."""
    found, score = groups(subject, column), subject.score
    rows: list[tuple[Cell, ...]] = [
        (each.name, each.n, score.text(each.value), each.bounds.text(score) if each.bounds else "–") for each in found
    ]
    table = Table(f"groups by {column}", (column, "examples", score.name, "95 % interval"), tuple(rows))
    return (table, *(Paragraph(text) for text in _told(subject, found)))


def _told(subject: Subject, found: list[Group]) -> list[str]:
    """Which group is worst, and which are too small to tell."""
    score, said = subject.score, []
    enough = [each for each in found if each.n >= FEW and each.value == each.value]
    if len(enough) > 1:
        first, *_, last = sorted(enough, key=lambda each: score.lead(0.0, each.value))
        best, worst = (f"“{each.name}” ({score.text(each.value)})" for each in (first, last))
        text = f"Of groups of {FEW} examples or more, {score.name} is best for {best} and worst for {worst}"
        if first.bounds is not None and last.bounds is not None:
            apart = first.bounds.low > last.bounds.high or last.bounds.low > first.bounds.high
            text += "; their intervals don't overlap." if apart else "; their intervals overlap: it may be chance."
        said.append(text if text.endswith(".") else f"{text}.")
    if few := [each for each in found if each.n < FEW]:
        names = ", ".join(f"“{each.name}” ({each.n})" for each in few)
        said.append(f"Groups of fewer than {FEW} examples say little: {names}.")
    return said


def _scored(subject: Subject, data: RowData, name: str, count: int) -> Group:
    """A group's score on data whose split is the group alone."""
    score, scoring = subject.score, subject.loaded.scoring
    metrics, parts = subject.loaded.evaluated(data, subject.split)
    bounds = judge(subject.loaded, data, subject.split).interval if scoring.own == score else None
    if bounds is None and len(parts) > 1:
        mean = interval(parts)
        half = mean.half or 0.0
        bounds = Bounds(metrics[score.name] - half, metrics[score.name] + half, "jackknife, over the examples")
    return Group(name, count, metrics[score.name], bounds)


def _names(values: NDArray[Any] | None, column: str, data: RowData) -> list[str]:
    """Of each row the name of its group."""
    if values is None or values.ndim > 1:
        columns = ", ".join(data.raw(data.rows("train").numpy()[:1]))
        got = "no such column" if values is None else "several values in each row"
        raise SettingError("groups need a column of single values", where=f"--by {column}", expected=columns, got=got)
    plain = [value.item() if isinstance(value, np.generic) else value for value in values]
    known = [value for value in plain if value is not None and value == value]
    numbers = _numbers(known)
    if numbers is not None and len(set(numbers)) > _DIVIDED:
        edges = np.unique(np.quantile(numbers, [0.0, 0.25, 0.5, 0.75, 1.0]))
        texts = [f"{number(float(a))} to {number(float(b))}" for a, b in pairwise(edges)]

        def name(value: Any) -> str:
            return texts[min(int(np.searchsorted(edges, float(value), side="right")), len(texts)) - 1]
    else:
        often = {each for each, _ in Counter(map(_text, known)).most_common(_MOST)}

        def name(value: Any) -> str:
            return _text(value) if _text(value) in often else _OTHERS

    return [_MISSING if value is None or value != value else name(value) for value in plain]


def _numbers(known: list[Any]) -> list[float] | None:
    """The values as numbers, which a table holds as words; None where one is something else."""
    try:
        found = [math.nan if isinstance(value, bool) else float(value) for value in known]
    except (TypeError, ValueError):
        return None
    return found if all(map(math.isfinite, found)) else None


def _text(value: Any) -> str:
    return number(value) if isinstance(value, float) else str(value)
