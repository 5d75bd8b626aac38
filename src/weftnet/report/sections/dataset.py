"""The data: its source, its splits, what its columns were read as, and some examples."""

import numpy as np

from weftnet.base.plain import plain
from weftnet.data.data import Data
from weftnet.data.rows import RowData
from weftnet.report.charts import bars
from weftnet.report.dataset import balance
from weftnet.report.examples import render_rows, wide
from weftnet.report.page import cards, facts, figure, heading, paragraph, table
from weftnet.report.subject import Subject

#: the most examples, classes in the chart of their balance, and columns in the table
_EXAMPLES, _CLASSES, _COLUMNS = 12, 30, 60


def dataset(subject: Subject) -> str:
    """Sizes, columns, balance of the labels, notes, examples."""
    data = subject.data
    html = [facts(_facts(subject)), _columns(subject)]
    if data is not None:
        html += [*map(paragraph, data.notes), _balance(data), _examples(subject, data)]
    return "".join(html)


def _facts(subject: Subject) -> list[tuple[str, str]]:
    recorded, data = subject.loaded.run.facts.data, subject.data
    sizes = data.sizes if data is not None else recorded.sizes
    splits = ", ".join(f"{count} {name}" for name, count in sizes.items() if count)
    source = data.source if data is not None else recorded.source or ""
    signals = [(f"input {name}", str(signal)) for name, signal in subject.loaded.signals.items()]
    return [(name, text) for name, text in [("source", source), ("examples", splits), *signals] if text]


def _columns(subject: Subject) -> str:
    """What each column was read as."""
    if not isinstance(subject.data, RowData):
        return ""
    rows = []
    for field in subject.loaded.preprocessing.fields:
        known = "; ".join(f"{name} {plain(value)}" for name, value in field.facts.items())
        rows.append([field.name, field.kind, field.input, known])
    return table(["column", "kind", "input", "properties"], rows[:_COLUMNS], words=(3,))


def _balance(data: Data) -> str:
    """A chart of the number of examples of each label."""
    counts = balance(data) if isinstance(data, RowData) else {}
    if not counts:
        return ""
    caption = "Training examples of each label: labels with few examples are learnt less well"
    if len(counts) > _CLASSES:
        counts = dict(list(counts.items())[:_CLASSES])
        caption += f"; the {_CLASSES} most frequent"
    caption += "."
    return figure(bars(counts, "examples"), caption)


def _examples(subject: Subject, data: Data) -> str:
    rows = data.rows(subject.split).numpy()
    if len(rows):
        rows = rows[np.unique(np.linspace(0, len(rows) - 1, min(_EXAMPLES, len(rows))).astype(int))]
    rendered = render_rows(data, rows.tolist())
    return heading(f"Examples of the {subject.split} split") + cards(rendered, wide(data)) if rendered else ""
