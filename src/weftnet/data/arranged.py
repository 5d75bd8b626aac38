"""Data whose training batches are arranged otherwise than they are drawn: all else is that of the data."""

from abc import abstractmethod
from collections.abc import Iterator
from typing import Any, Self

import torch
from torch import Tensor

from weftnet.data.batch import Batch
from weftnet.data.data import Data
from weftnet.data.kinds._kind import Kind
from weftnet.data.rows import RowData
from weftnet.errors import SettingError


class Arranged(Data):
    """Independent rows, with training batches of a subclass; splits are evaluated row by row.

    Args:
        data: the rows.
        what: the batches are, for the message.

    Raises:
        SettingError: the data are not made of independent rows.
    """

    def __init__(self, data: Data, what: str) -> None:
        if not isinstance(data, RowData):
            fix = "use a table, a folder of classes, or arrays"
            raise SettingError(f"{what} are drawn from independent rows", where=data.source, got=data.form(), fix=fix)
        self.data = data
        self.name, self.source, self.fingerprint, self.signals = data.name, data.source, data.fingerprint, data.signals
        self.target, self.sizes, self.notes, self.lazy = data.target, data.sizes, data.notes, data.lazy

    @abstractmethod
    def of(self, data: RowData) -> Self:
        """Other rows, arranged in the same way."""

    def batches(self, split: str, batch_size: int) -> Iterator[Batch]:
        """A split's rows in order."""
        return self.data.batches(split, batch_size)

    def rows(self, split: str) -> Tensor:
        """Row numbers of a split, ascending."""
        return self.data.rows(split)

    @property
    def kinds(self) -> dict[str, Kind]:
        """Those of the data."""
        return self.data.kinds

    def name_of(self, row: int) -> str | int:
        """As the data call it."""
        return self.data.name_of(row)

    def to(self, device: torch.device | str) -> Self:
        """The same batches, of data on a device."""
        there = self.data.to(device)
        return self if there is self.data else self.of(there)

    def joined(self) -> Self:
        """The rows of validation among those of training, arranged in the same way."""
        return self.of(self.data.joined())

    def encode(self, raw: Any) -> Batch:
        """New raw examples as a batch without target."""
        return self.data.encode(raw)

    def state(self) -> dict[str, Any]:
        """That of the data."""
        return self.data.state()
