"""Training batches of texts of like length, so that little of them is padding.

    tokens of a row   those of its inputs and its target, without padding, rounded up to whole quarters of the mean
    a batch           rows next to one another by these, as many as keep rows × longest within the `tokens` of a batch;
                      by default batch_size times the mean of a row: as many rows on average as without, nearly
    epoch e           rows of one length in an order drawn from (seed, e), and the batches in another

Quarters, so that a batch holds texts of many sorts: those of one exact length may be alike, as dates in one form are.
The lengths of a batch's rows are the same in every epoch, so that an epoch has as many batches; every row is in one.
Source: bucketing by length and tokens of a batch, as A. Vaswani and others, Attention is all you need, 2017,
section 5.1, https://arxiv.org/abs/1706.03762.
"""

from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from weftnet.data.arranged import Arranged
from weftnet.data.batch import Batch
from weftnet.data.data import Data
from weftnet.data.order import Rows, permutation
from weftnet.data.rows import RowData

#: rows whose lengths are read at a time, and parts of the mean that lengths are told apart by
_AT_ONCE, _PARTS = 4096, 4


def by_length(data: Data, tokens: int = 0) -> Data:
    """The data with training batches by length, unless they are so already; see `ByLength`."""
    return data if isinstance(data, ByLength) else ByLength(data, tokens)


class ByLength(Arranged):
    """Data whose training batches hold rows of like length.

    Args:
        data: rows with padded inputs or targets.
        tokens: of a batch, its padding among them; 0 for batch_size times the mean.

    Raises:
        SettingError: the data are not made of independent rows.
    """

    def __init__(self, data: Data, tokens: int = 0) -> None:
        super().__init__(data, "batches by length")
        self.tokens = tokens
        exact = [_lengths(batch) for batch in data.batches("train", _AT_ONCE)]
        self.mean, self.lengths = 1.0, np.concatenate(exact) if exact else np.empty(0, np.int64)
        if len(self.lengths):
            self.mean = float(self.lengths.mean())
            width = max(1, round(self.mean / _PARTS))
            self.lengths = -(-self.lengths // width) * width
        self._sorted = np.sort(self.lengths, kind="stable")
        self._ends: dict[int, NDArray[np.int64]] = {}
        self._order: tuple[tuple[int, int], Rows] | None = None

    def of(self, data: RowData) -> "ByLength":
        """Batches of other rows."""
        return ByLength(data, self.tokens)

    def steps_per_epoch(self, batch_size: int) -> int:
        """Batches of an epoch: every row is in one of them."""
        super().steps_per_epoch(batch_size)  # refuses what can't be trained on
        return len(self._bounds(batch_size)) - 1

    def train_batch(self, step: int, batch_size: int, seed: int) -> Batch:
        """Batch `step`: a pure function of the arguments."""
        bounds = self._bounds(batch_size)
        epoch, place = divmod(step, len(bounds) - 1)
        number = int(permutation(len(bounds) - 1, "batches", seed, epoch)[place])
        order = self._order  # read once: several threads may want batches of different epochs
        if order is None or order[0] != (seed, epoch):
            drawn = permutation(len(self.lengths), "order", seed, epoch)
            ranked = drawn[np.argsort(self.lengths[drawn], kind="stable")]
            self._order = order = (seed, epoch), ranked
        own = torch.from_numpy(order[1][bounds[number] : bounds[number + 1]])
        rows = self.data.rows("train")
        return replace(self.data.take(rows[own.to(rows.device)]), epoch=epoch)

    def _bounds(self, batch_size: int) -> NDArray[np.int64]:
        """Where batches begin among the rows sorted by length, and the end of the last."""
        if batch_size not in self._ends:
            allowed = self.tokens or max(1, round(batch_size * self.mean))
            bounds = [0]
            for row, length in enumerate(self._sorted.tolist()):  # ascending: the last row of a batch is its longest
                if row > bounds[-1] and (row + 1 - bounds[-1]) * length > allowed:
                    bounds.append(row)
            self._ends[batch_size] = np.array([*bounds, len(self._sorted)], np.int64)
        return self._ends[batch_size]


def _lengths(batch: Batch) -> NDArray[np.int64]:
    """(n,) the tokens of each row, at least 1."""
    masks = [*batch.masks.values(), *batch.target_masks.values()]
    total = sum((mask.flatten(1).sum(1) for mask in masks), torch.zeros(batch.size, dtype=torch.int64))
    lengths: NDArray[np.int64] = np.maximum(total.cpu().numpy(), 1)
    return lengths
