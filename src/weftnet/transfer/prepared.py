"""Data without rows: what is known of the inputs and the classes of a network that others have trained."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from weftnet.data.batch import Batch
from weftnet.data.data import Data
from weftnet.data.preprocessing import Preprocessing
from weftnet.data.rows import RowData
from weftnet.errors import DataError


class Prepared(Data):
    """Inputs and target as they were prepared, and no example of them.

    Args:
        name: of the weights.
        preprocessing: fitted elsewhere.
        target: the column that is predicted; None for none.
    """

    def __init__(self, name: str, preprocessing: Preprocessing, target: str | None) -> None:
        self.name, self.source, self.fingerprint, self.notes = name, "", "", []
        self.preprocessing, self.target, self._column = preprocessing, preprocessing.target, target
        self.signals, self.sizes = dict(preprocessing.signals), {"train": 0, "validation": 0, "test": 0}

    def rows(self, split: str) -> Tensor:
        """None."""
        return torch.empty(0, dtype=torch.int64)

    def train_batch(self, step: int, batch_size: int, seed: int) -> Batch:
        """There is none.

        Raises:
            DataError: always.
        """
        raise DataError("there are no rows: these are published weights", where=self.name)

    def batches(self, split: str, batch_size: int) -> Iterator[Batch]:
        """None."""
        return iter(())

    def encode(self, raw: Any) -> Batch:
        """New raw examples as a batch."""
        return Batch.of(self.preprocessing.encode(raw))

    def state(self) -> dict[str, Any]:
        """As of rows, so that data are opened by it."""
        return {
            "form": RowData.form(), "source": "", "fingerprint": "", "target": self._column, "splits": None, "seed": 0,
            "options": {}, "preprocessing": self.preprocessing.state(),
        }  # fmt: skip
