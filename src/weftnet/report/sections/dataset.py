"""The data: what was read, how it was cut, what it looks like."""

import numpy as np

from weftnet.data.rows import RowData
from weftnet.report.charts import bars
from weftnet.report.examples import drawn, wordy
from weftnet.report.page import cards, facts, figure, heading, paragraph, table
from weftnet.report.story import Story

#: examples that are shown, classes whose balance is
_SHOWN, _CLASSES = 12, 30


def dataset(story: Story) -> str:
    """Sizes, columns, balance, notes, examples."""
    known, data = story.known().data, story.data
    sizes = data.sizes if data is not None else known.sizes
    parts = ", ".join(f"{count} {part}" for part, count in sizes.items() if count)
    rows = [("source", data.source if data is not None else known.source or ""), ("examples", parts)]
    rows += [(f"input {name}", str(signal)) for name, signal in story.loaded.signals.items()]
    found = [facts([row for row in rows if row[1]]), _columns(story)]
    if data is None:
        return "".join(found)
    found += [paragraph(note) for note in data.notes]
    counts = story.class_counts.get("train") or story.class_counts.get(story.split)
    if counts:
        part = "train" if story.class_counts.get("train") else story.split
        most = dict(sorted(counts.items(), key=lambda each: -each[1])[:_CLASSES])
        shown = dict(list(counts.items())) if len(counts) <= _CLASSES else most
        caption = f"examples of each class, {part}" + ("" if len(counts) <= _CLASSES else f"; the {_CLASSES} largest")
        found.append(figure(bars(shown, "examples"), caption))
    every = data.rows(story.split).numpy()
    places = (
        every[np.unique(np.linspace(0, len(every) - 1, min(_SHOWN, len(every))).astype(int))] if len(every) else every
    )
    if pictures := drawn(data, places.tolist()):
        found += [heading(f"Some of the {story.split} part"), cards(pictures, wordy(data))]
    return "".join(found)


def _columns(story: Story) -> str:
    """What each column was read as."""
    if not isinstance(story.data, RowData):
        return ""
    rows = []
    for field in story.loaded.preprocessing.fields:
        told = "; ".join(f"{name} {_brief(value)}" for name, value in field.facts.items())
        rows.append([field.name, field.kind, field.input, told])
    return table(["column", "kind", "goes into", "what is known"], rows[:60], words=3)


def _brief(value: object) -> str:
    if isinstance(value, list | tuple):
        shown = ", ".join(map(_brief, value[:8]))
        return shown + (f" … ({len(value)})" if len(value) > 8 else "")
    return f"{value:.4g}" if isinstance(value, float) else str(value)
