"""What augmentation makes of training examples: some as they are, and beside each what the network may have seen."""

from html import escape

import torch

from weftnet.base.figures import Picture
from weftnet.base.plain import plain
from weftnet.data.batch import Batch
from weftnet.data.kinds._framed import Overlaid
from weftnet.data.kinds._kind import Kind
from weftnet.data.rows import RowData
from weftnet.report.cells import small
from weftnet.report.page import paragraph
from weftnet.report.subject import Subject
from weftnet.train.augment import Augment

#: examples, and how often each is augmented
_ROWS, _TIMES = 5, 3


def augmented(subject: Subject) -> str:
    """A sheet of examples; nothing where none were augmented, or where only whole batches are."""
    recipe = subject.loaded.run.json("recipe.json")
    entries, data = recipe.get("augment") or [], subject.data
    if not entries or not isinstance(data, RowData) or not data.sizes.get("train"):
        return ""
    augment, batch = Augment(entries, data), data.train_batch(0, min(_ROWS, data.sizes["train"]), 0)
    draws = [augment(batch, torch.Generator().manual_seed(draw)) for draw in range(_TIMES)]
    names = {name for inputs in augment.inputs.values() for name in inputs}
    shown: dict[str, Kind] = {name: kind for name, kind in data.kinds.items() if name in names}
    target = data.target if data.target is not None and data.target.spatial else None
    if not shown:
        return ""
    columns = [_cells(each, shown, target) for each in (batch, *draws)]
    head = "".join(f"<th>{escape(title)}</th>" for title in ("as it is", *map(str, range(1, _TIMES + 1))))
    lines = "".join(f"<tr>{''.join(f'<td>{each}</td>' for each in row)}</tr>" for row in zip(*columns, strict=True))
    told = ", ".join(_told(entry) for entry in entries)
    return (
        paragraph(f"{told}: drawn anew for every batch.")
        + f"<div class=wide><table><tr>{head}</tr>{lines}</table></div>"
    )


def _cells(batch: Batch, kinds: dict[str, Kind], target: Kind | None) -> list[str]:
    """HTML for each example: its inputs that are augmented, and its target if that moves with them."""
    columns = [(kind, kind.decode(batch.inputs[name].numpy())) for name, kind in kinds.items()]
    targets = [] if target is None else [target.decode(values.numpy()) for values in batch.targets.values()]
    cells = []
    for row in range(batch.size):
        figures = [kind.picture(values[row]) for kind, values in columns]
        for values in targets:
            if isinstance(target, Overlaid):
                figures = [target.over(each, values[row]) if isinstance(each, Picture) else each for each in figures]
            elif target is not None:
                figures.append(target.picture(values[row]))
        cells.append("".join(map(small, figures)))
    return cells


def _told(entry: str | dict[str, dict[str, object]]) -> str:
    """An entry of the recipe in words."""
    return plain(entry)
