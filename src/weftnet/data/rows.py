"""Data made of independent rows: tables, images, vectors, series.

Everything is encoded once and kept in memory, so a batch is an `index_select`. Images of whole numbers whose encoded
form would be larger than `_LARGEST` stay as they are and are encoded batch by batch, to the same values.
"""

import copy
from collections.abc import Iterator, Mapping
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from weftnet.data import checks, fitting, grouped, stored
from weftnet.data.batch import Batch, fits, moved, trimmed
from weftnet.data.columns import Columns
from weftnet.data.content import Content
from weftnet.data.data import Data, known_split
from weftnet.data.kinds._kind import Cell, Kind, Masked
from weftnet.data.kinds.several import Several
from weftnet.data.order import Rows, permutation
from weftnet.data.preprocessing import Preprocessing, missing_column
from weftnet.data.request import Request, name_of
from weftnet.data.splits import SPLITS
from weftnet.data.splitting import compared, excluded_column, joined, keys_of, split_rows, whole_groups
from weftnet.data.stored import Stored, is_array
from weftnet.data.suspects import suspects
from weftnet.data.targets import check_target, encoded_target, target_kind, target_notes, unpacked_target
from weftnet.data.unfamiliar import unfamiliar
from weftnet.data.vocabularies import share_vocabularies
from weftnet.errors import DataError, SettingError

_LARGEST = 2 * 2**30


class RowData(Data):
    """Rows, encoded by a fitted preprocessing and split.

    Args:
        content: the raw columns.
        preprocessing: fitted kinds.
        splits: row numbers by split.
        state: what `state()` returns besides the preprocessing.
        notes: the findings so far.
        encoded: inputs and target where they were encoded before, mapped from disk.
    """

    def __init__(
        self,
        content: Content,
        preprocessing: Preprocessing,
        splits: Mapping[str, Rows],
        state: Mapping[str, Any],
        notes: list[str],
        encoded: Stored | None = None,
    ) -> None:
        self.name, self.source, self.fingerprint = content.name, content.source, content.fingerprint
        self.target_column = content.target
        self.preprocessing, self.target = preprocessing, preprocessing.target
        self.sizes = {split: len(splits[split]) for split in SPLITS}
        self.signals = {name: each.with_rows(self.sizes["train"]) for name, each in preprocessing.signals.items()}
        self.notes, self._state, self._content = notes, dict(state), content
        self._splits = {split: torch.from_numpy(rows) for split, rows in splits.items()}
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
        self._kinds = self.target.kinds if isinstance(self.target, Several) else {}

    @property
    def kinds(self) -> dict[str, Kind]:
        """The fitted kind of each input that is a single column."""
        columns = self.preprocessing.columns
        return {name: columns[own[0]] for name, own in self.preprocessing.inputs.items() if len(own) == 1}

    @property
    def may_be_targets(self) -> tuple[str, ...]:
        """The columns of a table of which none is the target, unless it is one of texts or files alone."""
        own = self.preprocessing.columns
        table = len(own) > 1 or any(isinstance(kind, Cell) for kind in own.values())
        return tuple(own) if table and self.target is None else ()

    def raw_target(self) -> NDArray[Any] | None:
        """The target of every row as it was read, before any kind encodes it; None without one."""
        return None if self.target_column is None else np.concatenate(list(self._content.chunks(self.target_column)))

    def rows(self, split: str) -> Tensor:
        """Row numbers of a split, ascending."""
        return self._splits[known_split(split)]

    def train_batch(self, step: int, batch_size: int, seed: int) -> Batch:
        """Batch `step`: epochs follow each other, each in its own order, each row at most once in an epoch."""
        epoch, place = divmod(step, self.steps_per_epoch(batch_size))
        order = self._order  # read once: several threads may want batches of different epochs
        if order is None or order[0] != (seed, epoch):
            drawn = torch.from_numpy(permutation(self.sizes["train"], "order", seed, epoch))
            rows = self._splits["train"]
            self._order = order = (seed, epoch), rows[moved(drawn, rows.device)]
        return replace(self.take(order[1][place * batch_size : (place + 1) * batch_size]), epoch=epoch)

    def batches(self, split: str, batch_size: int) -> Iterator[Batch]:
        """A split's rows in order, the last batch short."""
        for rows in torch.split(self.rows(split), batch_size):
            if len(rows):
                yield self.take(rows)

    def targets(self, split: str, batch_size: int) -> Iterator[Tensor]:
        """The target of a split's rows, in order; inputs are not read. Several are beside each other."""
        for rows in torch.split(self.rows(split), batch_size):
            if (target := self._targets(rows)) is None:
                raise DataError("the data have no target", where=self.source)
            if len(rows):
                yield target

    def to(self, device: torch.device | str) -> "RowData":
        """The same data with all rows on a device, if they are in memory, of one length, and fit there."""
        device = torch.device(device)
        padded = isinstance(self.target, Masked) or any(signal.padded for signal in self.signals.values())
        if padded or self._inputs.keys() != self.signals.keys() or not fits(self._inputs.values(), device):
            return self
        there = copy.copy(self)
        there._inputs = {name: values.to(device) for name, values in self._inputs.items()}
        there._splits = {name: rows.to(device) for name, rows in self._splits.items()}
        if self._target is not None:
            there._target = torch.as_tensor(self._target).to(device)
        there._order = None
        return there

    def joined(self) -> "RowData":
        """The same rows, encoded in the same way, with those of validation among those of training."""
        if not self.sizes["validation"]:
            raise SettingError("there are no validation rows to train on", where=self.source, fix="leave out --refit")
        there = self.split_as(joined({split: rows.numpy() for split, rows in self._splits.items()}))
        there._state = {**self._state, "joined": True}
        return there

    def split_as(self, splits: Mapping[str, Rows]) -> "RowData":
        """The same rows, encoded in the same way, in other splits; the numbers of each ascending."""
        there = copy.copy(self)
        there._splits = {split: torch.from_numpy(rows) for split, rows in splits.items()}
        there.sizes, there._order = {split: len(rows) for split, rows in splits.items()}, None
        return there

    def raw(self, rows: Rows, name: str | None = None) -> dict[str, NDArray[Any]]:
        """Some rows of every column, the target too, as they were read: to show to a person; or of the one named."""
        with self._content.reopen() if self._content.reopen else nullcontext(self._content) as content:
            return {each: content.rows(each, rows) for each in content.columns if name in (None, each)}

    def encode(self, raw: Mapping[str, Any]) -> Batch:
        """Raw values by column as a batch without target."""
        return Batch.of(self.preprocessing.encode(raw))

    def state(self) -> dict[str, Any]:
        """Settings, the fitted preprocessing and the content's fingerprint."""
        return {**self._state, "preprocessing": self.preprocessing.state()}

    def take(self, rows: Tensor) -> Batch:
        """These rows, in this order."""
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
        if (target := self._targets(rows)) is None:
            return Batch(inputs, masks, {}, rows)
        targets: dict[str, Tensor] = {str(self.target_column): target}
        kinds: Mapping[str, object] = {str(self.target_column): self.target}
        if isinstance(self.target, Several):
            parts = self.target.parts(target.cpu().numpy())
            targets = {name: moved(torch.from_numpy(part), rows.device) for name, part in parts.items()}
            kinds = self._kinds
        masked = {name: trimmed(kind, targets[name]) for name, kind in kinds.items() if isinstance(kind, Masked)}
        targets |= {name: values for name, (values, _) in masked.items()}
        return Batch(inputs, masks, targets, rows, target_masks={name: mask for name, (_, mask) in masked.items()})

    def _targets(self, rows: Tensor) -> Tensor | None:
        if self._target is None or isinstance(self._target, Tensor):
            return None if self._target is None else self._target.index_select(0, rows)
        assert self.target is not None  # it encoded them
        return torch.from_numpy(unpacked_target(self.target, self._target[rows.numpy()]))


def _all_targets(content: Content, kind: Kind | None) -> NDArray[Any] | None:
    """The encoded targets of all rows, if there are targets."""
    return None if kind is None or content.target is None else np.concatenate(list(encoded_target(content, kind)))


def open_rows(content: Content, request: Request) -> RowData:
    """Split, fit and encode a content; with a state, encode as it says.

    Other content than the state's own becomes the test split as a whole, unless it has splits of its own.
    What does not fit into the memory allowed is encoded to disk.
    """
    key = request.key(content.fingerprint)
    cached, damaged = stored.find(key)
    if content.memory and cached is not None:
        return from_stored(content, cached)
    content = stored.with_target_in_memory(content)
    for name in request.kinds:
        if name not in content.columns:
            raise missing_column(name, list(content.columns), f"{content.source}: kinds")
    prepared = _fitted(content, request) if request.state is None else _restored(content, request, request.state)
    preprocessing, splits, notes = prepared
    preprocessing.require(content)
    if stored.fits(content, preprocessing):
        return RowData(content, preprocessing, splits, _state(content, request), notes)
    written = stored.store(content, preprocessing, splits, _state(content, request), notes, key)
    written.notes.extend(damaged)
    return from_stored(content, written)


def from_stored(content: Content, encoded: Stored) -> RowData:
    """The data of rows on disk; of the content only name, source and target are used."""
    state = {**encoded.state, "source": content.source}
    if content.reopen:
        content = replace(content, columns=Columns({}))
    return RowData(content, encoded.preprocessing, encoded.splits, state, encoded.notes, encoded)


def _state(content: Content, request: Request) -> dict[str, Any]:
    names, parts = compared(content, request), {split: name_of(part) for split, part in request.parts.items()}
    optional = {"duplicates": names, "parts": parts or None, "joined": (request.state or {}).get("joined")}
    return {name: value for name, value in optional.items() if value is not None} | {
        "form": RowData.form(),
        "source": content.source,
        "fingerprint": content.fingerprint,
        "target": content.target,
        "splits": request.splits,
        "seed": request.seed,
        "options": dict(request.options),
    }


Prepared = tuple[Preprocessing, dict[str, Rows], list[str]]


def _restored(content: Content, request: Request, state: Mapping[str, Any]) -> Prepared:
    """The preprocessing of a state, and the splits of a content that it encodes."""
    preprocessing = Preprocessing.from_state(state["preprocessing"])
    labelled = content.target is not None or preprocessing.target is None
    if content.fingerprint == state["fingerprint"] or (content.splits and labelled):
        splits = _split(content, preprocessing.target, request)
        return preprocessing, joined(splits) if state.get("joined") else splits, []
    known = unfamiliar(preprocessing.columns, {name: content.chunks(name) for name in content.columns})
    notes = [*content.notes, *known]
    return preprocessing, {split: np.arange(content.count if split == "test" else 0) for split in SPLITS}, notes


def _fitted(content: Content, request: Request) -> Prepared:
    """The preprocessing fitted on the training rows, the splits, and what was noticed."""
    kinds = {**content.kinds, **request.kinds}
    target, notes = target_kind(content, kinds, request.target_kind)
    if target is not None:
        check_target(content, target)
    splits = _split(content, target, request)
    inputs = {name: spec for name, spec in kinds.items() if name != content.target}
    if (column := excluded_column(request.splits)) is not None:
        inputs.setdefault(column, None)
    if target is not None:
        notes += fitting.fit(content, str(content.target), splits["train"], target)
    preprocessing, noticed = Preprocessing.fit(content, splits["train"], inputs, target, request.fitted)
    noticed += share_vocabularies(content, splits["train"], preprocessing.columns, target)
    notes += noticed
    if isinstance(request.splits, Mapping) and request.splits.get("by") == "group":
        notes.append(grouped.summary(splits, keys_of(content, request.splits), request.splits["column"]))
    notes += target_notes(content, target)
    notes += suspects(content, preprocessing, splits)
    return preprocessing, splits, notes + checks.findings(content, preprocessing, splits)


def _split(content: Content, target: Kind | None, request: Request) -> dict[str, Rows]:
    """The splits; with `duplicates="group"` equal rows are in the same one."""
    if (names := compared(content, request)) is None:
        return split_rows(content, target, request.splits, request.seed, official=bool(request.parts))
    if content.splits:
        raise SettingError("the source's own splits can't be changed", where="duplicates")
    return split_rows(content, target, whole_groups(request.splits), request.seed, checks.groups(content, names))
