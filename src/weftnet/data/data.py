"""What training and evaluation need from data, whatever the source."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from weftnet.architecture.signal import Signal
from weftnet.base import html
from weftnet.data.batch import Batch
from weftnet.data.kinds._kind import Kind
from weftnet.data.splits import SPLITS
from weftnet.errors import DataError, SettingError, closest


class Data(ABC):
    """An opened source, split and encoded."""

    name: str  #: short, for reports
    source: str  #: what was opened
    fingerprint: str  #: sha256 of the decoded content
    signals: dict[str, Signal]  #: inputs by name
    target: Kind | None  #: the fitted kind of the target; `.labels` for a category, `.decode` back to its unit
    sizes: dict[str, int]  #: examples in train, validation and test
    notes: list[str]  #: what was inferred, left out or filled in
    lazy: bool = False  #: whether batches are read from disk, or encoded, on demand

    @property
    def named(self) -> str:
        """What an answer's name is the name of: see `name_of`."""
        return "row"

    def name_of(self, row: int) -> str | int:
        """What the answer to a row's example is called: by default the row's number, from 1."""
        return row + 1

    @classmethod
    def form(cls) -> str:
        """How the rows become examples, as a state names it: the name of the class's module, such as `rows`."""
        return cls.__module__.rpartition(".")[2]

    @property
    def kinds(self) -> dict[str, Kind]:
        """The fitted kind of each input that is a single column."""
        return {}

    @property
    def may_be_targets(self) -> tuple[str, ...]:
        """Where a target should be named and none is: the columns that it could be."""
        return ()

    @abstractmethod
    def rows(self, split: str) -> Tensor:
        """Row numbers of a split, ascending."""

    @abstractmethod
    def train_batch(self, step: int, batch_size: int, seed: int) -> Batch:
        """The batch of a training step: a pure function of the arguments."""

    @abstractmethod
    def batches(self, split: str, batch_size: int) -> Iterator[Batch]:
        """A split's examples in order, the last batch short."""

    def targets(self, split: str, batch_size: int) -> Iterator[Tensor]:
        """The only target of a split's examples, in order; where they can be had alone, inputs are not read.

        Raises:
            DataError: there is no single target.
        """
        return (batch.target for batch in self.batches(split, batch_size))

    @abstractmethod
    def encode(self, raw: Any) -> Batch:
        """New raw examples as a batch without target."""

    def to(self, device: torch.device | str) -> "Data":
        """The same data, moved to a device if they are in memory and fit there: batches are then gathered there."""
        return self

    @abstractmethod
    def state(self) -> dict[str, Any]:
        """All that `open_data(state=…)` needs to encode the same content, or new content in the same way; JSON."""

    def _repr_html_(self) -> str:
        """As a notebook shows it: inputs, target, splits and notes."""
        rows = [(f"input {name}", signal.text()) for name, signal in self.signals.items()]
        rows += [] if self.target is None else [("target", self.target.outline)]
        rows += [("examples", ", ".join(f"{count} {split}" for split, count in self.sizes.items() if count))]
        rows += [("note", note) for note in self.notes]
        return html.shown(html.heading(self.name), html.facts(rows))

    def joined(self) -> "Data":
        """The same data, encoded in the same way, with the examples of validation among those of training.

        Raises:
            SettingError: splits that follow each other in order, or an empty validation split.
        """
        raise SettingError("only independent rows can be joined to others", where=self.source, got=self.form(),
                           fix="leave out --refit")  # fmt: skip

    def steps_per_epoch(self, batch_size: int) -> int:
        """Batches in one pass over the training split: full ones, or a single short one."""
        if batch_size < 1:
            raise SettingError("a batch holds at least one example", where="batch_size", got=str(batch_size))
        if not self.sizes["train"]:
            raise DataError("there is nothing to train on", where=self.source, got="no training rows")
        return max(1, self.sizes["train"] // batch_size)


def known_split(split: str) -> str:
    """The name of a split, checked."""
    if split in SPLITS:
        return split
    close = closest(split, SPLITS)
    raise SettingError(
        f"no split is called {split!r}",
        expected=", ".join(SPLITS),
        fix=f"did you mean {close[0]!r}?" if close else "",
    )
