"""What a run does not know of the rows it is asked: labels, numbers far from those of training, words, ends of texts.

It is counted and said wherever a run answers; nothing is refused because of it.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.data.kinds._kind import BadValue, Kind


def unfamiliar(columns: Mapping[str, Kind], raw: Mapping[str, Iterable[Any]]) -> list[str]:
    """A note for each column that holds values its kind does not know.

    Args:
        columns: fitted kinds.
        raw: chunks of raw values by column; read only where a kind knows what it does not know.
    """
    notes = []
    for name, kind in columns.items():
        if name not in raw or not (kind.strange or kind.capped):
            continue
        found, rows, long = Counter[str](), 0, 0
        for chunk in raw[name]:
            with suppress(BadValue):  # whoever encodes the values says where it is
                found.update(kind.unknown(chunk))
                long += kind.beyond(chunk)
            rows += len(chunk)
        if count := sum(found.values()):
            shown = ", ".join(f"{word[:40]!r} ({times})" for word, times in found.most_common(3))
            more = f", and {len(found) - 3} more" if len(found) > 3 else ""
            notes.append(f"{name}: {count} of {rows} rows hold {kind.strange}: {shown}{more}")
        if long:
            read = f"the {kind.signal.size('time')} tokens that are read"
            notes.append(f"{name}: {long} of {rows} rows are longer than {read}; their ends are left out")
    return notes


def departures(columns: Mapping[str, Kind], raw: Mapping[str, Sequence[Any]], rows: int) -> list[list[str]]:
    """For each of some rows what in it left what was seen in training: a number's range, labels that were known.

    Args:
        columns: fitted kinds.
        raw: raw values by column.
        rows: how many there are.
    """
    said: list[list[str]] = [[] for _ in range(rows)]
    for name, values in raw.items():
        if name in columns:
            with suppress(BadValue):
                for row, each in enumerate(columns[name].departures(name, _array(values))):
                    said[row] += [each] * bool(each)
    return said


def of_values(columns: Mapping[str, Kind], raw: Mapping[str, Any]) -> list[str]:
    """As `unfamiliar`, of values in memory."""
    return unfamiliar(columns, {name: [_array(values)] for name, values in raw.items()})


def _array(values: Any) -> NDArray[Any]:
    """Raw values, one an element whatever it is."""
    if isinstance(values, np.ndarray):
        return values
    cells = np.empty(len(values), dtype=object)
    for place, value in enumerate(values):
        cells[place] = value
    return cells
