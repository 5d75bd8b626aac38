"""How far a metric depends on which examples happened to be in the split: the jackknife over groups of examples.

    θ₋g   the metric without group g
    u_g   = G θ − (G − 1) θ₋g        the pseudo-value of a group; for a mean over examples, the group's own mean

The variance of θ is that of the mean of the G pseudo-values. Two networks that were evaluated on the same examples are
compared by the differences of theirs, group by group. Groups are neighbouring examples, so that what neighbours share,
as windows of one series do, stays within a group. Up to `MOST` examples each is a group of its own.

Source: J. Tukey, Bias and confidence in not quite large samples, 1958; B. Efron, The jackknife, the bootstrap and other
resampling plans, 1982, chapter 2
"""

import math
from collections.abc import Iterable, Iterator, Sequence

import torch
from torch import Tensor

from weftnet.data.batch import Batch
from weftnet.data.outputs import Outputs
from weftnet.metrics._metric import All, Metric, On, Sums

#: groups at the most, of a metric that follows from sums; of one that needs all examples at once
MOST, MOST_OF_ALL = 500, 50
#: examples that a metric which needs all of them may see in all repetitions together
_LONGEST = 5_000_000

Piece = tuple[Outputs, Tensor]


class LeftOut(Metric):
    """A metric that is computed without each group in turn.

    It goes among the other metrics of an evaluation, and reads the batches through `of_batches`, so that it knows how
    many rows of the outputs belong to an example. As a number it is not defined.

    Args:
        metric: not used elsewhere.
    """

    def __init__(self, metric: Metric) -> None:
        self.metric = metric
        super().__init__()

    def reset(self) -> None:
        """Forget every batch."""
        self.metric.reset()
        self._inner = self.metric.metric if isinstance(self.metric, On) else self.metric
        self._sums: list[Tensor] = []
        self._pieces: list[Piece] = []
        self._now: list[Piece] = []
        self._size = 0

    def of_batches(self, batches: Iterable[Batch]) -> Iterator[Batch]:
        """The batches, as they are read."""
        for batch in batches:
            self._end()
            self._size = batch.size
            yield batch
        self._end()

    def update(self, outputs: Outputs, target: Tensor) -> None:
        """See a batch, or a part of it."""
        self._now.append((outputs, target))

    def compute(self) -> float:
        """NaN."""
        return math.nan

    def values(self) -> list[float]:
        """u_g of every group; empty where the metric, the batches or the number of examples don't allow it."""
        self._end()
        if isinstance(self._inner, Sums):
            whole, parts = self._without_sums()
        elif isinstance(self._inner, All):
            whole, parts = self._without_pieces()
        else:
            return []
        groups = len(parts)
        values = [groups * whole - (groups - 1) * part for part in parts]
        return values if groups > 1 and all(map(math.isfinite, values)) else []

    def _end(self) -> None:
        """A batch has been seen: one update of whole rows an example is one piece each, any other is a piece."""
        now, self._now = self._now, []
        if len(now) == 1 and self._size and len(_answer(now[0])) % self._size == 0:
            rows = len(_answer(now[0])) // self._size
            now = [_rows(now[0], start * rows, (start + 1) * rows) for start in range(self._size)]
        if not isinstance(self._inner, Sums):
            self._pieces += now
            return
        for outputs, target in now:
            self.metric.update(outputs, target)
        self._sums += self._inner._parts
        self._inner.reset()
        while len(self._sums) > MOST:
            self._sums = [sum(self._sums[i : i + 2]) for i in range(0, len(self._sums), 2)]

    def _without_sums(self) -> tuple[float, list[float]]:
        assert isinstance(self._inner, Sums)
        if not self._sums:
            return math.nan, []
        total = torch.stack(self._sums).sum(0)
        of = self._inner.of
        return float(of(total)), [float(of(total - part)) for part in self._sums]

    def _without_pieces(self) -> tuple[float, list[float]]:
        pieces, rows = self._pieces, sum(len(_answer(piece)) for piece in self._pieces)
        count = min(MOST_OF_ALL, len(pieces), _LONGEST // max(1, rows))
        if count < 2 or any(len(target) != len(_answer((outputs, target))) for outputs, target in pieces):
            return math.nan, []
        group = [place * count // len(pieces) for place in range(len(pieces))]
        return self._over(pieces), [
            self._over([piece for place, piece in zip(group, pieces, strict=True) if place != left])
            for left in range(count)
        ]

    def _over(self, pieces: Sequence[Piece]) -> float:
        self.metric.reset()
        for outputs, target in pieces:
            self.metric.update(outputs, target)
        return float(self.metric.compute())


def _answer(piece: Piece) -> Tensor:
    outputs, _ = piece
    return outputs if isinstance(outputs, Tensor) else next(iter(outputs.values()))


def _rows(piece: Piece, start: int, end: int) -> Piece:
    """Some rows of outputs and target; a target that is none stays."""
    outputs, target = piece
    rows = len(_answer(piece))
    some = outputs[start:end] if isinstance(outputs, Tensor) else {k: v[start:end] for k, v in outputs.items()}
    return some, target[start:end] if len(target) == rows else target
