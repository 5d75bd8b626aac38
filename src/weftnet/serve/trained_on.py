"""The table that a run was trained on, while it is at hand: its last row, or a window of its last rows, as an example.

A run's folder holds no row of its data, and neither does an export. The example is read from the table itself, and only
for whoever could read it there: a server that listens on this machine alone.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from weftnet.answer.manifest import SeriesFacts, TableFacts
from weftnet.answer.rows import read
from weftnet.data.fields import Field
from weftnet.errors import DataError, RunError
from weftnet.run.folder import Run

#: bytes of the largest table that is read for an example
_MOST = 64 * 2**20
_ENDINGS = (".csv", ".tsv", ".jsonl", ".ndjson")


@dataclass(frozen=True)
class Table:
    """A table in text, and how the run read it.

    Args:
        path: of the file.
        series: how its rows are steps of series.
        cells: how its cells are read.
    """

    path: Path
    series: SeriesFacts
    cells: TableFacts

    @classmethod
    def of(cls, run: Run) -> "Table | None":
        """The table of a run; None where there is none."""
        try:
            state = run.json("data.json")
            path = Path(str(state.get("source") or "")).expanduser()
            known = state.get("options") or {}
            if path.suffix.lower() not in _ENDINGS or not path.is_file() or path.stat().st_size > _MOST:
                return None
            return cls(path, SeriesFacts.of(known), TableFacts.of(known))
        except (RunError, DataError, OSError, ValueError):
            return None

    def example(self, fields: tuple[Field, ...]) -> dict[str, Any]:
        """The last row, or the window of the last rows, as JSON.

        Raises:
            DataError: the table is not what it was.
        """
        columns, _ = read(self.path, fields, self.series, self.cells)
        return {field.name: _json(field, columns[field.name][-1]) for field in fields if len(columns[field.name])}


def _json(field: Field, value: Any) -> Any:
    """A cell as a value that the field takes."""
    if field.steps:
        return [_number(each) if field.wire.datatype == "FP64" else each for each in list(value)]
    if field.wire.datatype == "FP64":
        return _number(value)
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


def _number(cell: Any) -> Any:
    """A cell as a number where it is one; a word that reads as one in the run's notation stays a word."""
    try:
        number = float(cell)
    except (TypeError, ValueError):
        return cell
    return number if np.isfinite(number) else None
