"""A table of series as a question of a forecast, without torch: the last rows of each series are its window.

They are those that a run is asked by `predict`: rows in the order of the file, a gap read as the last value before it.
Where columns are known in advance, the last rows of each series are those that are asked about, and of columns that are
the same in all rows the first value counts.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.answer.manifest import SeriesFacts
from weftnet.data.content import Content
from weftnet.data.fields import Field
from weftnet.data.timeline import Timeline, last_rows, next_starts, require_ahead, timeline


def windows(
    table: Mapping[str, Sequence[Any]], fields: Sequence[Field], facts: SeriesFacts, source: Path
) -> tuple[dict[str, list[Any]], list[str]]:
    """A window of each column for each series, and the names of the series, if a column distinguishes them.

    Args:
        table: the cells of the columns, None where one is empty.
        fields: of the windows.
        facts: which columns order the rows.
        source: of the table.

    Raises:
        DataError: a column is missing, the time stamps don't ascend, or a series has fewer rows than a window.
    """
    columns = {name: np.array(cells, dtype=object) for name, cells in table.items()}
    content = Content(source.name, str(source), columns, "", table=True)
    line, _ = timeline(content, facts.time, facts.series, facts.steps)
    context, ahead = max(field.steps - field.ahead for field in fields), max(field.ahead for field in fields)
    places = next_starts(line, context, str(source), ahead).tolist()
    require_ahead(content, [field.name for field in fields if field.ahead], line, ahead)
    names, cut = last_rows(line, ahead), {}
    firsts = {end - ahead: start for start, end in line.bounds}
    for field in fields:
        values = line.taken(columns[field.name])
        if field.name in line.columns and line.stamps is not None:
            values = _stamps(line)
        filled = _filled(values, line.bounds)
        if field.steps:
            # where a column says what is missing, only a window's first step is filled, from before the window
            rest = values if field.facts.get("observed") else filled
            cut[field.name] = [
                [filled[end - context], *rest[end - context + 1 : end + field.ahead].tolist()] for end in places
            ]
        else:
            cells = [_first(values[firsts[end] : end]) for end in places]
            cut[field.name] = [None if cell is None else field.wire.of_cell(cell, source.parent) for cell in cells]
    return cut, [names[int(line.last[end - 1])] for end in places] if names else []


def _first(values: NDArray[Any]) -> Any:
    """The first value that is not missing."""
    return next((value for value in values.tolist() if value is not None), None)


def _filled(values: NDArray[Any], bounds: Sequence[tuple[int, int]]) -> NDArray[Any]:
    """The values; a missing one as the last before it in its series, if there is one."""
    filled = values.copy()
    for start, end in bounds:
        present = np.array([value is not None for value in values[start:end]])
        last = np.maximum.accumulate(np.where(present, np.arange(end - start), -1))
        filled[start:end] = np.append(values[start:end], [None])[last]
    return filled


def _stamps(line: Timeline) -> NDArray[Any]:
    """The dates of all places of a grid."""
    assert line.stamps is not None
    return np.array(line.stamps.round().astype("datetime64[s]").astype(str), dtype=object)
