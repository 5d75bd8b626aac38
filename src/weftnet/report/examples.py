"""Some examples of a data set as HTML: pictures, texts, rows of a table, waves."""

from collections.abc import Sequence
from html import escape
from typing import Any

import numpy as np

from weftnet.data.data import Data
from weftnet.data.kinds._kind import Kind
from weftnet.data.rows import RowData
from weftnet.report.cells import cell

#: the most columns of a table that are shown
_COLUMNS = 14


def render_rows(data: Data, rows: Sequence[int]) -> list[str]:
    """Each row as HTML; nothing for data without rows of columns."""
    if not isinstance(data, RowData) or not rows:
        return []
    raw = data.raw(np.asarray(rows, np.int64))
    kinds = dict(data.preprocessing.columns)
    return [_row({name: raw[name][place] for name in kinds}, kinds) for place in range(len(rows))]


def wide(data: Data) -> bool:
    """Whether examples need wide boxes: words, and rows of several columns."""
    kinds = list(data.preprocessing.columns.values()) if isinstance(data, RowData) else []
    return len(kinds) > 1 or any(kind.words for kind in kinds)


def _row(row: dict[str, Any], kinds: dict[str, Kind]) -> str:
    if len(row) == 1:
        ((name, value),) = row.items()
        return f"<p>{cell(_plain(value), kinds[name])}</p>"
    names = list(row)[:_COLUMNS]
    lines = "".join(f"<tr><td>{escape(n)}</td><td>{cell(_plain(row[n]), kinds[n])}</td></tr>" for n in names)
    more = f"<p class=soft>and {len(row) - len(names)} more columns</p>" if len(row) > len(names) else ""
    return f"<table>{lines}</table>{more}"


def _plain(value: Any) -> Any:
    """NumPy's numbers as Python's."""
    return value.item() if isinstance(value, np.generic) else value
