"""The batches a training asks for, made ahead where making one takes its time, and how long the training waited.

Rows that lie encoded on the disk, or that are encoded batch by batch, are gathered by `WORKERS` threads up to `AHEAD`
batches before they are needed; what they do, NumPy and the disk, leaves Python's lock free for the loop. A batch is a
pure function of its number, so order and content don't depend on who makes it when, and a resumed training starts with
the batch it needs. Rows in memory are sliced at once: handing them over between threads would take longer.

    waited    seconds between asking for a batch and having it; the rest of the training's time it computes
"""

import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Self

from weftnet.data.batch import Batch
from weftnet.errors import DataError, WeftnetError

#: Threads that make batches.
WORKERS = 2
#: Batches that are made, or being made, before they are asked for: no more are ever held.
AHEAD = 4


class Feed:
    """Gives a training its batches; use it as a context, at whose end no thread is left.

    Args:
        data: where they come from.
        batch_size: examples in a batch.
        seed: of the order of the examples.
    """

    def __init__(self, data: Any, batch_size: int, seed: int) -> None:
        self.data, self.batch_size, self.seed, self.waited = data, batch_size, seed, 0.0
        self._pool = ThreadPoolExecutor(WORKERS, "weftnet-data") if data.lazy else None
        self._coming: dict[int, Future[Batch]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)

    def train_batch(self, number: int) -> Batch:
        """Batch `number` of the training; they are asked for in order.

        Raises:
            DataError: it can't be made.
        """
        began = time.perf_counter()
        if self._pool is None:
            batch: Batch = self.data.train_batch(number, self.batch_size, self.seed)
        else:
            for each in range(number, number + AHEAD):
                if each not in self._coming:
                    arguments = each, self.batch_size, self.seed
                    self._coming[each] = self._pool.submit(self.data.train_batch, *arguments)
            batch = self._result(self._coming.pop(number), f"training batch {number}")
        self.waited += time.perf_counter() - began
        return batch

    def batches(self, split: str) -> Iterator[Batch]:
        """A part's examples in order; where batches are made ahead, one is while the one before is computed on.

        Raises:
            DataError: one can't be made.
        """
        source = self.data.batches(split, self.batch_size)
        coming = self._pool.submit(next, source, None) if self._pool else None
        while True:
            began = time.perf_counter()
            if self._pool is None or coming is None:
                batch = next(source, None)
            elif (batch := self._result(coming, f"a batch of the {split} part")) is not None:
                coming = self._pool.submit(next, source, None)
            self.waited += time.perf_counter() - began
            if batch is None:
                return
            yield batch

    def _result(self, coming: "Future[Any]", what: str) -> Any:
        """What a thread made; its fault is told as one of the data, unless it says so itself."""
        try:
            return coming.result()
        except (WeftnetError, KeyboardInterrupt):
            raise
        except BaseException as fault:  # of the thread, were it a SystemExit: it must not end this one in silence
            got = f"{type(fault).__name__}: {fault}"
            raise DataError(f"{what} could not be made", where=self.data.source, got=got) from fault
