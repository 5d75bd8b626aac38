"""Data made of independent rows: tables, images, vectors, series.

Everything is encoded once and kept in memory, so a batch is an `index_select`. Images of whole numbers whose encoded
form would be larger than `_LARGEST` stay as they are and are encoded batch by batch, to the same values.
"""

import copy
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from weftnet.data import checks, fitting, stored
from weftnet.data.batch import Batch, fits, moved
from weftnet.data.cache import key_of
from weftnet.data.content import Content
from weftnet.data.cutting import along_of, cut_rows, left_out
from weftnet.data.data import Data, known_part
from weftnet.data.grouped import told
from weftnet.data.infer import Spec
from weftnet.data.kinds._kind import Kind
from weftnet.data.order import Rows, permutation
from weftnet.data.preprocessing import Preprocessing, missing_column
from weftnet.data.splits import PARTS, Splits
from weftnet.data.stored import Stored, is_array
from weftnet.data.targets import check_target, encoded_target, target_kind, target_notes
from weftnet.errors import SettingError

_LARGEST = 2 * 2**30


class RowData(Data):
    """Rows, encoded by a fitted preprocessing and split into parts.

    Args:
        content: the raw columns.
        preprocessing: fitted kinds.
        parts: row numbers by part.
        state: what `state()` gives besides the preprocessing.
        notes: what was noticed on the way.
        encoded: inputs and target where they were encoded before, mapped from the disk.
    """

    def __init__(
        self,
        content: Content,
        preprocessing: Preprocessing,
        parts: Mapping[str, Rows],
        state: Mapping[str, Any],
        notes: list[str],
        encoded: Stored | None = None,
    ) -> None:
        self.name, self.source, self.fingerprint = content.name, content.source, content.fingerprint
        self.target_column = content.target
        self.preprocessing, self.target, self.signals = preprocessing, preprocessing.target, preprocessing.signals
        self.sizes = {part: len(parts[part]) for part in PARTS}
        self.notes, self._state, self._content = notes, dict(state), content
        self._parts = {part: torch.from_numpy(rows) for part, rows in parts.items()}
        self._inputs: dict[str, Tensor] = {}
        self._stored: Mapping[str, NDArray[Any]] = {}
        if encoded is None:
            preprocessing.require(content)
            for name, signal in self.signals.items():
                large = content.count * signal.numel * 4 > _LARGEST
                if not (large and is_array(content, preprocessing, name)):
                    self._inputs[name] = torch.from_numpy(preprocessing.array(content, name))
        else:
            self._stored = encoded.inputs
        self._target: NDArray[Any] | Tensor | None = (
            encoded.target if encoded else _all_targets(content, preprocessing.target)
        )
        self.lazy = len(self._inputs) < len(self.signals)
        self._order: tuple[tuple[int, int], Tensor] | None = None

    def rows(self, split: str) -> Tensor:
        """Row numbers of a part, ascending."""
        return self._parts[known_part(split)]

    def train_batch(self, step: int, batch_size: int, seed: int) -> Batch:
        """Batch `step`: epochs follow each other, each in an order of its own, each row at most once in an epoch."""
        epoch, place = divmod(step, self.steps_per_epoch(batch_size))
        order = self._order  # read once: several threads may ask, for batches of different epochs
        if order is None or order[0] != (seed, epoch):
            drawn = torch.from_numpy(permutation(self.sizes["train"], "order", seed, epoch))
            rows = self._parts["train"]
            self._order = order = (seed, epoch), rows[moved(drawn, rows.device)]
        return replace(self._batch(order[1][place * batch_size : (place + 1) * batch_size]), epoch=epoch)

    def batches(self, split: str, batch_size: int) -> Iterator[Batch]:
        """A part's rows in order, the last batch short."""
        for rows in torch.split(self.rows(split), batch_size):
            if len(rows):
                yield self._batch(rows)

    def to(self, device: torch.device | str) -> "RowData":
        """The same data with all rows on a device, if they are in memory, of one length, and fit there."""
        device = torch.device(device)
        padded = any(signal.padded for signal in self.signals.values())
        if padded or self._inputs.keys() != self.signals.keys() or not fits(self._inputs.values(), device):
            return self
        there = copy.copy(self)
        there._inputs = {name: values.to(device) for name, values in self._inputs.items()}
        there._parts = {name: rows.to(device) for name, rows in self._parts.items()}
        if self._target is not None:
            there._target = torch.as_tensor(self._target).to(device)
        there._order = None
        return there

    def raw(self, rows: Rows) -> dict[str, NDArray[Any]]:
        """What stands in some rows of every column, the target's too, as it was read: to show to a person."""
        with self._content.again() if self._content.again else nullcontext(self._content) as content:
            return {name: content.rows(name, rows) for name in content.columns}

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
            elif name in self._stored:
                values = torch.from_numpy(self.preprocessing.unpacked(name, self._stored[name][rows.numpy()]))
            else:
                values = torch.from_numpy(self.preprocessing.array(self._content, name, rows.numpy()))
            if signal.padded:
                values, masks[name] = map(torch.from_numpy, self.preprocessing.trim(name, values.numpy()))
            inputs[name] = values
        return Batch(inputs, masks, self._targets(rows), rows)

    def _targets(self, rows: Tensor) -> Tensor | None:
        if isinstance(self._target, Tensor):
            return self._target.index_select(0, rows)
        return None if self._target is None else torch.from_numpy(self._target[rows.numpy()])


def _all_targets(content: Content, kind: Kind | None) -> NDArray[Any] | None:
    """The encoded targets of all rows, if there are targets."""
    return None if kind is None or content.target is None else np.concatenate(list(encoded_target(content, kind)))


@dataclass(frozen=True)
class Wanted:
    """What a person asks of rows; with a source, all that the result depends on.

    Args:
        kinds: what columns are, where the inferred kind is not wanted.
        splits: how rows are cut into parts.
        seed: of the cut.
        state: of data opened before.
        options: of the source.
        target: the column to predict, if it was said.
        duplicates: "keep", or "group" to keep equal rows in one part.
    """

    kinds: Mapping[str, Spec | None]
    splits: Splits
    seed: int
    state: Mapping[str, Any] | None
    options: Mapping[str, Any]
    target: str | None
    duplicates: str = "keep"

    def key(self, fingerprint: str) -> str:
        """The name under which encoded rows are kept."""
        return key_of(
            fingerprint, self.kinds, self.splits, self.seed, self.state, self.options, self.target, self.duplicates
        )


def open_rows(content: Content, wanted: Wanted) -> RowData:
    """Split, fit and encode a content; with a state, encode as it says.

    Other content than the state's own goes whole into the test part, unless it comes in parts itself.
    What does not fit into the memory allowed is encoded to the disk.
    """
    key = wanted.key(content.fingerprint)
    found, damaged = stored.find(key)
    if content.memory and found is not None:
        return of_stored(content, found)
    content = stored.settled(content)
    for name in wanted.kinds:
        if name not in content.columns:
            raise missing_column(name, list(content.columns), f"{content.source}: kinds")
    preprocessing, parts, notes = _prepared(content, wanted)
    preprocessing.require(content)
    if stored.fits(content, preprocessing):
        return RowData(content, preprocessing, parts, _state(content, wanted), notes)
    found = stored.store(content, preprocessing, parts, _state(content, wanted), notes, key)
    found.notes.extend(damaged)
    return of_stored(content, found)


def of_stored(content: Content, found: Stored) -> RowData:
    """The data of rows on the disk; the content's name, source and target are all that is asked of it."""
    state = {**found.state, "source": content.source}
    return RowData(content, found.preprocessing, found.parts, state, found.notes, found)


def _state(content: Content, wanted: Wanted) -> dict[str, Any]:
    compared = _compared(content, wanted)
    return ({} if compared is None else {"duplicates": compared}) | {
        "form": "rows",
        "source": content.source,
        "fingerprint": content.fingerprint,
        "target": content.target,
        "splits": wanted.splits,
        "seed": wanted.seed,
        "options": dict(wanted.options),
    }


def _prepared(content: Content, wanted: Wanted) -> tuple[Preprocessing, dict[str, Rows], list[str]]:
    """The fitted preprocessing, the parts, and what was noticed."""
    splits, state = wanted.splits, wanted.state
    if state is not None:
        preprocessing = Preprocessing.from_state(state["preprocessing"])
        labelled = content.target is not None or preprocessing.target is None
        if content.fingerprint == state["fingerprint"] or (content.given and labelled):
            return preprocessing, _cut(content, preprocessing.target, wanted), []
        return preprocessing, {part: np.arange(content.count if part == "test" else 0) for part in PARTS}, []
    target = target_kind(content, wanted.kinds)
    if target is not None:
        check_target(content, target)
    parts = _cut(content, target, wanted)
    inputs = {name: spec for name, spec in wanted.kinds.items() if name != content.target}
    if (column := left_out(splits)) is not None:
        inputs.setdefault(column, None)
    sampled: list[str] = []
    if target is not None:
        sampled = fitting.fit(content, str(content.target), parts["train"], target)
    preprocessing, notes = Preprocessing.fit(content, parts["train"], inputs, target)
    if isinstance(splits, Mapping) and splits.get("by") == "group":
        notes.append(told(parts, along_of(content, splits), splits["column"]))
    notes = sampled + notes + target_notes(content, target)
    return preprocessing, parts, notes + checks.findings(content, preprocessing, parts)


def _cut(content: Content, target: Kind | None, wanted: Wanted) -> dict[str, Rows]:
    """The parts; with `duplicates="group"` rows that are equal come into one of them."""
    if (names := _compared(content, wanted)) is None:
        return cut_rows(content, target, wanted.splits, wanted.seed)
    if content.given:
        raise SettingError("the parts are given by the source and stay as they are", where="duplicates")
    return cut_rows(content, target, _whole_groups(wanted.splits), wanted.seed, checks.groups(content, names))


def _compared(content: Content, wanted: Wanted) -> list[str] | None:
    """The columns in which rows are compared, if they are: those that are not left out."""
    if wanted.state is not None:
        return wanted.state.get("duplicates")
    out = {name for name, spec in wanted.kinds.items() if spec is None}
    return [name for name in content.columns if name not in out] if wanted.duplicates == "group" else None


def _whole_groups(splits: Splits) -> dict[str, Any]:
    """The same shares or folds, of whole groups."""
    settings = dict(splits) if isinstance(splits, Mapping) else {}
    if settings.get("by") in ("group", "time") or set(settings) == {"column"}:
        raise SettingError("these splits say already where a row goes", where="duplicates", got=repr(splits))
    return {**settings, "by": "group", "column": "duplicates"}
