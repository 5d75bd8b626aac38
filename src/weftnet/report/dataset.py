"""How a data set was read, as a page: columns and kinds, the target's balance, splits, notes, examples."""

from html import escape
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from weftnet.base.files import write_text
from weftnet.data.describing import looks
from weftnet.data.rows import RowData
from weftnet.report.cells import cell
from weftnet.report.charts import bars
from weftnet.report.page import charts, figure, page, paragraph, section, table

#: the most examples, and classes in the chart of their balance
_EXAMPLES, _CLASSES = 24, 30
#: fields of `weftnet data --json`
_HEAD = ["column", "kind", "goes into", "missing", "different", "values"]


def write_dataset(data: RowData, path: Path) -> Path:
    """Write the page."""
    splits = ", ".join(f"{count} {split}" for split, count in data.sizes.items() if count)
    body = [
        paragraph(f"{sum(data.sizes.values())} rows: {splits}."),
        section("Columns", table(*column_table(data), words=(5,))),
        *_balance(data),
        *([section("Notes", "".join(paragraph(note) for note in data.notes))] if data.notes else []),
        section("Training examples", examples(data, _EXAMPLES)),
        paragraph(f"{data.source} · sha256 {data.fingerprint}", soft=True),
    ]
    write_text(path, page(f"{data.name}: data", body))
    return path


def column_table(data: RowData) -> tuple[list[str], list[list[str]]]:
    """Head and rows: each column's kind, the input it belongs to, missing values, distinct values, and a summary.

    Computed from the first 10,000 training rows.
    """
    fields = {field.name: field for field in data.preprocessing.fields}
    lines = []
    for name, look in looks(data).items():
        place = fields[name].input if name in fields else "target" if look.kind else "left out"
        distinct = "" if look.distinct is None else str(look.distinct)
        lines.append([name, look.kind, place, str(look.missing), distinct, look.summary])
    return list(_HEAD), lines


def examples(data: RowData, count: int) -> str:
    """Some training rows, evenly spaced over the split: the target above, the values below."""
    rows = data.rows("train").numpy()
    rows = rows[np.unique(np.linspace(0, len(rows) - 1, min(count, len(rows))).astype(int))]
    raw = data.raw(rows)
    kinds = data.preprocessing.columns
    cards = []
    for place in range(len(rows)):
        shown = [
            (f"<b>{escape(name)}</b> " if len(kinds) > 1 else "") + cell(_item(raw[name], place), kind)
            for name, kind in kinds.items()
        ]
        target = data.target_column
        head = "" if target is None else f"<figcaption>{cell(_item(raw[target], place), data.target)}</figcaption>"
        cards.append(f"<figure class=card>{head}{'<br>'.join(shown)}</figure>")
    wide = " wide-cards" if any(kind.wire.lines for kind in kinds.values()) or len(kinds) > 2 else ""
    return f"<div class='cards{wide}'>{''.join(cards)}</div>"


def balance(data: RowData) -> dict[str, int]:
    """How many training rows each label has, most frequent first; {} where the target has no labels."""
    if data.target_column is None or data.target is None:
        return {}
    return dict(data.target.balance(data.raw(data.rows("train").numpy())[data.target_column]).most_common())


def _balance(data: RowData) -> list[str]:
    counts = balance(data)
    if not counts:
        return []
    most_frequent = dict(list(counts.items())[:_CLASSES])
    caption = f"Rows of each of {len(counts)} labels in the training split: labels with few rows are learnt less well"
    caption += f"; the {_CLASSES} most frequent." if len(counts) > _CLASSES else "."
    return [section(f"Target: {data.target_column}", charts(figure(bars(most_frequent, "training rows"), caption)))]


def _item(values: NDArray[Any], place: int) -> Any:
    value = values[place]
    return value.item() if isinstance(value, np.generic) else value
