"""Data made of independent rows: tables, images, vectors, series.

Everything is encoded once and kept in memory, so a batch is an `index_select`. Images of whole numbers whose encoded
form would be larger than `_LARGEST` stay as they are and are encoded batch by batch, to the same values.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from netloom.data.batch import Batch
from netloom.data.content import Content, located, part_named
from netloom.data.data import Data, known_part
from netloom.data.grouped import told
from netloom.data.infer import Spec, make, of_target
from netloom.data.kinds._kind import Kind
from netloom.data.kinds.category import Category
from netloom.data.kinds.labels import Labels
from netloom.data.kinds.number import Number, floats
from netloom.data.order import Rows, permutation
from netloom.data.preprocessing import Preprocessing, missing_column
from netloom.data.splits import PARTS, Splits, split
from netloom.data.stamps import stamps
from netloom.errors import DataError

_LARGEST = 2 * 2**30


class RowData(Data):
    """Rows, encoded by a fitted preprocessing and split into parts.

    Args:
        content: the raw columns.
        preprocessing: fitted kinds.
        parts: row numbers by part.
        state: what `state()` gives besides the preprocessing.
        notes: what was noticed on the way.
    """

    def __init__(
        self,
        content: Content,
        preprocessing: Preprocessing,
        parts: Mapping[str, Rows],
        state: Mapping[str, Any],
        notes: list[str],
    ) -> None:
        preprocessing.require(content)
        self.name, self.source, self.fingerprint = content.name, content.source, content.fingerprint
        self.target_column = content.target
        self.preprocessing, self.target, self.signals = preprocessing, preprocessing.target, preprocessing.signals
        self.sizes = {part: len(parts[part]) for part in PARTS}
        self.notes, self._state, self._content = notes, dict(state), content
        self._parts = {part: torch.from_numpy(rows) for part, rows in parts.items()}
        self._inputs = {
            name: torch.from_numpy(preprocessing.array(content, name))
            for name, signal in self.signals.items()
            if not (signal.kind == "image" and content.count * signal.numel * 4 > _LARGEST)
        }
        self._target = _encoded_target(content, preprocessing.target)
        self._order: tuple[tuple[int, int], Tensor] | None = None

    def rows(self, split: str) -> Tensor:
        """Row numbers of a part, ascending."""
        return self._parts[known_part(split)]

    def train_batch(self, step: int, batch_size: int, seed: int) -> Batch:
        """Batch `step`: epochs follow each other, each in an order of its own, each row at most once in an epoch."""
        epoch, place = divmod(step, self.steps_per_epoch(batch_size))
        if self._order is None or self._order[0] != (seed, epoch):
            order = permutation(self.sizes["train"], "order", seed, epoch)
            self._order = (seed, epoch), self._parts["train"][torch.from_numpy(order)]
        return self._batch(self._order[1][place * batch_size : (place + 1) * batch_size])

    def batches(self, split: str, batch_size: int) -> Iterator[Batch]:
        """A part's rows in order, the last batch short."""
        for rows in torch.split(self.rows(split), batch_size):
            if len(rows):
                yield self._batch(rows)

    def raw(self, rows: Rows) -> dict[str, NDArray[Any]]:
        """What stands in some rows of every column, the target's too, as it was read: to show to a person."""
        return {name: values[rows] for name, values in self._content.columns.items()}

    def encode(self, raw: Mapping[str, Any]) -> Batch:
        """Raw values by column as a batch without target."""
        return Batch.of(self.preprocessing.encode(raw))

    def state(self) -> dict[str, Any]:
        """Settings, the fitted preprocessing and the content's fingerprint."""
        return {**self._state, "preprocessing": self.preprocessing.state()}

    def _batch(self, rows: Tensor) -> Batch:
        inputs, masks = {}, {}
        for name, signal in self.signals.items():
            if name in self._inputs:
                values = self._inputs[name].index_select(0, rows)
            else:
                values = torch.from_numpy(self.preprocessing.array(self._content, name, rows.numpy()))
            if signal.padded:
                values, masks[name] = map(torch.from_numpy, self.preprocessing.trim(name, values.numpy()))
            inputs[name] = values
        return Batch(inputs, masks, None if self._target is None else self._target.index_select(0, rows), rows)


def open_rows(
    content: Content,
    kinds: Mapping[str, Spec | None],
    splits: Splits,
    seed: int,
    state: Mapping[str, Any] | None,
    options: Mapping[str, Any],
) -> RowData:
    """Split, fit and encode a content; with a state, encode as it says.

    Other content than the state's own goes whole into the test part, unless it comes in parts itself.
    """
    kept = {
        "form": "rows",
        "source": content.source,
        "fingerprint": content.fingerprint,
        "target": content.target,
        "splits": splits,
        "seed": seed,
        "options": dict(options),
    }
    for name in kinds:
        if name not in content.columns:
            raise missing_column(name, list(content.columns), f"{content.source}: kinds")
    if state is not None:
        preprocessing = Preprocessing.from_state(state["preprocessing"])
        labelled = content.target is not None or preprocessing.target is None
        if content.fingerprint == state["fingerprint"] or (content.given and labelled):
            parts = _parts(content, preprocessing.target, splits, seed)
        else:
            parts = {part: np.arange(content.count if part == "test" else 0) for part in PARTS}
        return RowData(content, preprocessing, parts, kept, [])
    target = _target_kind(content, kinds)
    parts = _parts(content, target, splits, seed)
    inputs = {name: spec for name, spec in kinds.items() if name != content.target}
    if (column := _left_out(splits)) is not None:
        inputs.setdefault(column, None)
    if target is not None:
        _check_target(content, target)
        located(content, str(content.target), parts["train"], lambda: target.fit(_target(content)[parts["train"]]))
    preprocessing, notes = Preprocessing.fit(content, parts["train"], inputs, target)
    if isinstance(splits, Mapping) and splits.get("by") == "group":
        notes.append(told(parts, _along(content, splits), splits["column"]))
    return RowData(content, preprocessing, parts, kept, notes + _target_notes(content, target))


def _left_out(splits: Splits) -> str | None:
    """The column that is no input because it cuts the rows: the parts' names, or groups of which training sees a few.

    A column of times stays one. `kinds` may name the column to keep it all the same.
    """
    cuts = isinstance(splits, Mapping) and splits.get("by") != "time"
    return splits.get("column") if cuts and isinstance(splits, Mapping) else None


def _target_kind(content: Content, kinds: Mapping[str, Spec | None]) -> Kind | None:
    if content.target is None:
        return None
    where = f"{content.source}: {content.target}"
    spec = kinds.get(content.target) or located(
        content, content.target, None, lambda: of_target(_target(content), where, content.typed)
    )
    name, settings = (spec, {}) if isinstance(spec, str) else next(iter(spec.items()))
    if spec == "category" or name == "labels":  # a target keeps its rare labels
        spec = {name: {"most": 0, "least": 1, **(settings or {})}}
    return make(spec, where)


def _target(content: Content) -> NDArray[Any]:
    return content.columns[str(content.target)]


def _check_target(content: Content, kind: Kind) -> None:
    """Refuse a target with missing values, and one that never changes."""
    name, values = str(content.target), _target(content)
    if isinstance(kind, Labels):
        values = np.array([";".join(sorted(row)) for row in located(content, name, None, lambda: kind.sets(values))])
    if values.ndim > 1:
        return
    if isinstance(kind, Number):
        values = located(content, name, None, lambda: floats(values))
    absent = np.array([value is None or value != value for value in values.tolist()])
    if absent.any():
        raise DataError(
            f"the target is missing in {absent.sum()} of {len(values)} rows, first here",
            where=content.place(name, int(np.argmax(absent))),
            fix="fill the values in, or remove these rows",
        )
    if len(set(values.tolist())) == 1:
        raise DataError(
            "the target is the same in every row: there is nothing to learn",
            where=f"{content.source}: column {name!r}",
            got=repr(values.tolist()[0]),
            fix="choose another target",
        )


def _parts(content: Content, target: Kind | None, splits: Splits, seed: int) -> dict[str, Rows]:
    classes = _target(content).astype(str) if isinstance(target, Category) and content.target is not None else None
    given, along = dict(content.given), None
    if isinstance(splits, Mapping) and splits.get("by") in ("group", "time") and "column" in splits:
        along = _along(content, splits)
    elif isinstance(splits, Mapping) and set(splits) == {"column"}:
        given, splits = _by_column(content, splits["column"]), "given"
    try:
        return split(content.count, splits, seed, classes=classes, given=given, along=along)
    except DataError as fault:
        fault.where = fault.where or content.source
        raise


def _along(content: Content, splits: Mapping[str, Any]) -> NDArray[Any]:
    """The group or the time of each row."""
    column = splits["column"]
    values = _column(content, column)
    if splits["by"] == "time":
        points: NDArray[Any] = located(content, column, None, lambda: stamps(values))
        return points
    absent = np.array([value is None or value != value for value in values.tolist()])
    if absent.any():
        raise DataError("the row has no group", where=content.place(column, int(np.argmax(absent))))
    return values.astype(str)


def _column(content: Content, column: Any) -> NDArray[Any]:
    if column not in content.columns:
        raise missing_column(str(column), list(content.columns), f"{content.source}: splits")
    return content.columns[column]


def _by_column(content: Content, column: str) -> dict[str, Rows]:
    """The parts that a column names."""
    _column(content, column)
    parts: dict[str, list[int]] = {}
    for row, value in enumerate(content.columns[column].tolist()):
        word = part_named(str(value))
        if word is None:
            raise DataError(
                "this names no part", where=content.place(column, row), expected=", ".join(PARTS), got=repr(value)
            )
        parts.setdefault(word, []).append(row)
    return {part: np.array(rows, np.int64) for part, rows in parts.items()}


def _target_notes(content: Content, kind: Kind | None) -> list[str]:
    """How many rows have no label at all: that may be meant."""
    if not isinstance(kind, Labels):
        return []
    none = sum(not labels for labels in kind.sets(_target(content)))
    return [f"{content.target}: {none} rows have no label"] * (none > 0)


def _encoded_target(content: Content, kind: Kind | None) -> Tensor | None:
    """All targets; a label that training never saw is a fault, named with its row."""
    if kind is None or content.target is None:
        return None
    values = _target(content)
    encoded = torch.from_numpy(located(content, content.target, None, lambda: kind.encode(values)))
    unseen = encoded == len(kind.labels) if isinstance(kind, Category) else encoded.isnan()
    if unseen.any():
        row = int(unseen.flatten(1).any(1).int().argmax()) if unseen.ndim > 1 else int(unseen.int().argmax())
        raise DataError(
            "the target is no label of the training rows" if isinstance(kind, Category) else "the target is missing",
            where=content.place(content.target, row),
            expected=", ".join(map(str, kind.labels)) if isinstance(kind, Category) else "a number",
            got=repr(values[row].item() if hasattr(values[row], "item") else values[row]),
        )
    return encoded
